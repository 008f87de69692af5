import type { Event } from '@orrery/contract'
import { describe, expect, it } from 'vitest'
import { comparePositions, parsePosition, readPosition } from './event-position.ts'
import { LogFeed } from './log-feed.ts'

const event = (id: string): Event => ({ id, type: 'run.started', subject: 's', at: '2026-01-01T00:00:00.000Z', data: null })

describe('positions', () => {
  it('compare as numbers, not as text, and beyond what a double can hold', () => {
    const ordered = ['9-10', '10-2', '10-10', '9007199254740993-1', '9007199254740993-2']
    const shuffled = ordered.toReversed().sort((a, b) => comparePositions(parsePosition(a), parsePosition(b)))
    expect(shuffled).toEqual(ordered)
  })

  it('are refused when the database could not compare them', () => {
    for (const id of ['', '1', '1-', '-1-1', '18446744073709551616-1', '1-9223372036854775808']) expect(readPosition(id)).toBeNull()
    expect(readPosition('18446744073709551615-9223372036854775807')).not.toBeNull()
  })
})

describe('a feed', () => {
  it('gives what lies behind a cursor, and says when that may be incomplete', () => {
    const feed = new LogFeed('5-0')
    expect(feed.behind('5-0')).toEqual([])
    expect(feed.behind('4-9')).toBeNull()
    feed.append(Array.from({ length: 1500 }, (_, n) => event(`6-${n + 1}`)))
    expect(feed.behind('5-0')).toBeNull()
    expect(feed.start).toBe('6-500')
    expect(feed.behind('6-500')?.length).toBe(1000)
    expect(feed.behind('6-1499')?.map(({ id }) => id)).toEqual(['6-1500'])
  })

  it('wakes those who wait, also when something came before they began to', async () => {
    const feed = new LogFeed('1-0')
    const { signal } = new AbortController()
    const version = feed.version
    const waiting = feed.changed(version, signal)
    feed.append([event('2-1')])
    await waiting
    await feed.changed(version, signal)
    await feed.changed(feed.version, AbortSignal.abort())
  })
})
