import { describe, expect, it } from 'vitest'
import { afterRound, decideStarts, type StartRules, type StartState } from './decide-starts.ts'

const rules: StartRules = { overlap: 'skip', isPaused: false, failures: 0 }
const start = (name: string, cause: 'schedule' | 'manual' = 'schedule') => ({ name, cause })
type Start = ReturnType<typeof start>
const state = (pending: readonly Start[], more: Partial<StartState<Start>> = {}): StartState<Start> => ({
  pending,
  isRunning: false,
  failures: 0,
  ...more,
})
const [started, existing, failed] = [
  { isRunning: true, isFailed: false },
  { isRunning: false, isFailed: false },
  { isRunning: false, isFailed: true },
]

describe('decideStarts', () => {
  it('skips starts with an automatic cause while the automation is paused, and tries the requested ones', () => {
    const round = decideStarts({ ...rules, isPaused: true }, state([start('a'), start('b', 'manual')]))
    expect(round).toMatchObject({ starts: [{ name: 'b' }], skipped: [{ start: { name: 'a' }, reason: 'paused' }], buffered: [] })
  })

  it('pauses for the rest of the decision when the failures reach the limit, counting those before', () => {
    const strict = { ...rules, failures: 2, pauseAfterFailures: 3 }
    expect(decideStarts(strict, state([start('a')], { failures: 0 })).starts).toHaveLength(1)
    expect(decideStarts(strict, state([start('a')], { failures: 1 }))).toMatchObject({ starts: [], skipped: [{ reason: 'paused' }] })
  })
})

describe('afterRound', () => {
  const buffering = { ...rules, overlap: 'buffer_all' } as const

  it('needs another round when a start became no run and others wait', () => {
    const before = state([start('a'), start('b')])
    const round = decideStarts(buffering, before)
    expect(round).toMatchObject({ starts: [{ name: 'a' }], buffered: [{ name: 'b' }] })
    expect(afterRound(before, round, [failed])).toEqual({ pending: [start('b')], isRunning: false, failures: 1, isOpen: true })
    expect(afterRound(before, round, [existing])).toMatchObject({ failures: 0, isOpen: true })
  })

  it('needs no other round when a run started, nothing waits, or nothing was tried', () => {
    const before = state([start('a'), start('b')])
    const round = decideStarts(buffering, before)
    expect(afterRound(before, round, [started])).toMatchObject({ isRunning: true, isOpen: false })
    expect(afterRound(before, { ...round, buffered: [] }, [failed])).toMatchObject({ isOpen: false })
    const waiting = state([start('a')], { isRunning: true })
    expect(afterRound(waiting, decideStarts(buffering, waiting), [])).toMatchObject({ pending: [start('a')], isOpen: false })
  })
})
