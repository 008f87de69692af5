import type { Event } from '@orrery/contract'
import { describe, expect, it } from 'vitest'
import { comparePositions, parsePosition, readPosition } from './event-position.ts'
import { LogFeed } from './log-feed.ts'

const event = (id: string): Event => ({ id, type: 'run.started', subject: 's', at: '2026-01-01T00:00:00.000Z', data: null })

describe('positions', () => {
  it('compares positions as numbers and not as text, also beyond the precision of a double', () => {
    const ordered = ['9-10', '10-2', '10-10', '9007199254740993-1', '9007199254740993-2']
    const shuffled = ordered.toReversed().sort((a, b) => comparePositions(parsePosition(a), parsePosition(b)))
    expect(shuffled).toEqual(ordered)
  })

  it('rejects positions that are too large for the database or have another form', () => {
    for (const id of ['', '1', '1-', '-1-1', '18446744073709551616-1', '1-9223372036854775808']) expect(readPosition(id)).toBeNull()
    expect(readPosition('18446744073709551615-9223372036854775807')).not.toBeNull()
  })
})

describe('a feed', () => {
  it('returns the entries after a cursor, or null when it no longer has all of them', () => {
    const feed = new LogFeed('5-0')
    expect(feed.after('5-0')).toEqual([])
    expect(feed.after('4-9')).toBeNull()
    feed.append(Array.from({ length: 1500 }, (_, n) => event(`6-${n + 1}`)))
    expect(feed.after('5-0')).toBeNull()
    expect(feed.start).toBe('6-500')
    expect(feed.after('6-500')?.length).toBe(1000)
    expect(feed.after('6-1499')?.map(({ id }) => id)).toEqual(['6-1500'])
  })

  it('wakes a waiting reader, and does not let it wait if entries came before it started to wait', async () => {
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
