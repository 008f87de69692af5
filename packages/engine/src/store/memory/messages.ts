import type { DeliverOutcome, Message, OrgId, RunId, Store } from '../store.ts'
import { makeReady } from './live-run.ts'
import { key, type Live, type Session, type Tables } from './tables.ts'

/**
 * Puts a message into a live run's inbox and wakes the run if it waits. Returns the live row if the message is new, and null if the run is
 * not live or has already had the message.
 */
export function insertMessage(session: Session, message: Message): Live | null {
  const { tables, now } = session
  const id = key(message.org, message.run)
  const live = tables.live.get(id)
  if (live === undefined) return null
  const known = tables.known.get(id) ?? new Set()
  // Invariant (I8): a message is received once, even if its id arrives again afterwards.
  if (known.has(message.id)) return null
  tables.known.set(id, known.add(message.id))
  const unread = tables.inbox.get(id) ?? []
  unread.push(message)
  tables.inbox.set(id, unread)
  live.wakes++
  if (live.state === 'waiting' && (live.begun || message.kind === 'cancel')) makeReady(live, now)
  return live
}

export function findOutcome(tables: Tables, org: OrgId, run: RunId): DeliverOutcome {
  const id = key(org, run)
  const live = tables.live.get(id)
  if (live) return { type: 'delivered', worker: live.worker, queue: live.row.queue }
  return tables.results.has(id) ? { type: 'finished' } : { type: 'unknown' }
}

export function removeMessage(tables: Tables, org: OrgId, run: RunId, id: string): void {
  const unread = tables.inbox.get(key(org, run))
  const index = unread?.findIndex((message) => message.id === id) ?? -1
  if (index >= 0) unread?.splice(index, 1)
}

export function readInbox(tables: Tables, org: OrgId, run: RunId): Awaited<ReturnType<Store['inbox']>> {
  const id = key(org, run)
  const live = tables.live.get(id)
  if (live === undefined) return null
  return { wakes: live.wakes, pauseRequested: live.pauseRequested, messages: [...(tables.inbox.get(id) ?? [])] }
}
