import type { Database } from '@orrery/core'

/** States of live runs, in the order of their codes in engine.live. */
const STATES = ['ready', 'running', 'waiting', 'gated', 'paused', 'blocked'] as const

export interface QueueDepths {
  readonly live: Readonly<Record<string, number>>
  /** How long the first ready run has waited for a worker, in seconds; 0 if none waits. */
  readonly oldestReadySeconds: number
}

/** Counts the live runs of all organizations. Reads the whole of a narrow table: a few ms for 100,000 runs. */
export function readDepths(database: Database): Promise<QueueDepths> {
  return database.loop(async (client) => {
    const counts = await client.query<{ state: number; runs: number }>(
      'select state, count(*)::int as runs from engine.live group by state',
    )
    // A priority moves the rank to an earlier time; such a run looks older than it is, by minutes at most.
    const oldest = await client.query<{ seconds: number }>(
      'select coalesce(greatest(extract(epoch from now() - min(rank)), 0), 0)::float8 as seconds from engine.live where state = 1',
    )
    const live = Object.fromEntries(STATES.map((state, index) => [state, counts.rows.find((row) => row.state === index + 1)?.runs ?? 0]))
    return { live, oldestReadySeconds: oldest.rows[0]?.seconds ?? 0 }
  })
}
