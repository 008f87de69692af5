import type { Event } from '@orrery/contract'
import type { Database } from '../database/database.ts'
import { selectEvents, selectHiding, selectNow } from './event-store.ts'
import type { LogSource } from './log-source.ts'

/** The event log as a source for an `EventHub`. */
export function createEventLog(database: Database): LogSource<Event> {
  return {
    end: (org) => database.transaction(org, 'read only', selectNow),
    read: (org, after, limit) =>
      database.transaction(org, 'read only', async (tx) => {
        // Must come first: the query after it sees all events committed by now, except those that an older transaction hides.
        const isHiding = await selectHiding(tx)
        return { entries: await selectEvents(tx, org, { after, limit }), isHiding }
      }),
  }
}
