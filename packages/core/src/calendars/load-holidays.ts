import type { CalendarDefinition } from '@orrery/contract'
import type { HolidaySource } from '@orrery/recurrence'

/** The holidays of all regions, if one of the calendars has a layer of them: they take 100 ms and 40 MB the first time. */
export async function loadHolidays(definitions: Iterable<CalendarDefinition>): Promise<{ readonly holidays?: HolidaySource }> {
  for (const { layers } of definitions) {
    if (!layers.some(({ kind }) => kind === 'holidays')) continue
    const { findHolidays } = await import('@orrery/recurrence/holidays')
    return { holidays: findHolidays }
  }
  return {}
}
