import type { Event } from '@orrery/contract'
import type { Database } from '../database/database.ts'
import { selectEvents, selectHiding, selectNow } from './event-store.ts'
import type { LogSource } from './log-source.ts'

/** The event log, for subscribers. */
export function createEventLog(database: Database): LogSource<Event> {
  return {
    end: (org) => database.transaction(org, 'read only', selectNow),
    read: (org, after, limit) =>
      database.transaction(org, 'read only', async (tx) => {
        // Asked first: what was committed by now is seen by the query behind it, unless something hides it.
        const isHiding = await selectHiding(tx)
        return { entries: await selectEvents(tx, org, { after, limit }), isHiding }
      }),
  }
}
