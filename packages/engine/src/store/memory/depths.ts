import type { Depths, RunState } from '../store.ts'
import { readyAt } from './live-run.ts'
import { key, type Session } from './tables.ts'

export function depths({ tables, now }: Session): Depths {
  const live: Record<RunState, number> = { ready: 0, running: 0, waiting: 0, gated: 0, paused: 0, blocked: 0 }
  let oldestReadyMs = 0
  for (const row of tables.live.values()) {
    live[row.state]++
    if (row.state !== 'ready' || tables.pausedQueues.has(key(row.row.org, row.row.queue))) continue
    oldestReadyMs = Math.max(oldestReadyMs, now - readyAt(row))
  }
  return { live, oldestReadyMs }
}
