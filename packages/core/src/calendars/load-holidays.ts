import type { CalendarDefinition } from '@orrery/contract'
import type { HolidaySource } from '@orrery/recurrence'

/** Loads the holidays of all regions, but only if a calendar has a layer of holidays: the first load takes 100 ms and 40 MB. */
export async function loadHolidays(definitions: Iterable<CalendarDefinition>): Promise<{ readonly holidays?: HolidaySource }> {
  for (const { layers } of definitions) {
    if (!layers.some(({ kind }) => kind === 'holidays')) continue
    const { findHolidays } = await import('@orrery/recurrence/holidays')
    return { holidays: findHolidays }
  }
  return {}
}
