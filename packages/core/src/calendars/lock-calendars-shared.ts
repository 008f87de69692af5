import type { Transaction } from '@orrery/kernel'
import { lockCalendars } from './calendar-store.ts'

/** For a transaction that writes something which names calendars: until its end none is added, changed or removed. */
export function lockCalendarsShared(tx: Transaction, org: string): Promise<void> {
  return lockCalendars(tx, org, 'shared')
}
