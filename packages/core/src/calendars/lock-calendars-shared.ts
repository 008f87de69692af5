import type { Transaction } from '@orrery/kernel'
import { lockCalendars } from './calendar-store.ts'

/** For a transaction that stores names of calendars: until it ends, no calendar is added, changed or removed. */
export function lockCalendarsShared(tx: Transaction, org: string): Promise<void> {
  return lockCalendars(tx, org, 'shared')
}
