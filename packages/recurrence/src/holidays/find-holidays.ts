import DateHolidays from 'date-holidays'
import type { Holiday, HolidaySource } from '../calendar/calendar.ts'

const HALF_DAY_MS = 43_200_000
const DAY_MS = 86_400_000

/** The data of `date-holidays`, one instance per region in use. There are about 1,000 regions. */
const regions = new Map<string, DateHolidays>()

/**
 * The holidays of a region (`US`, `US-CA`, `DE-BY-A`) in a year, with their English names. Undefined for an unknown region. Holidays
 * shorter than half a day (Halloween, from 18:00) are left out, because they close nothing.
 */
export const findHolidays: HolidaySource = (region, year) => {
  const holidays = openRegion(region)
  if (!holidays) return undefined
  return holidaysOf(holidays, year)
    .filter(({ start, end }) => end.getTime() - start.getTime() > HALF_DAY_MS)
    .map(
      ({ date, start, end, name, type }): Holiday => ({
        date: date.slice(0, 10),
        days: Math.max(1, Math.round((end.getTime() - start.getTime()) / DAY_MS)),
        name,
        type,
      }),
    )
}

function holidaysOf(holidays: DateHolidays, year: number) {
  try {
    return holidays.getHolidays(year) ?? []
  } catch {
    // Some calendars of `date-holidays` end: the one of Iran throws from the year 3798 on. Later years have no known holidays.
    return []
  }
}

function openRegion(region: string): DateHolidays | undefined {
  const known = regions.get(region)
  if (known) return known
  if (!isRegion(region)) return undefined
  const [country = '', state, area] = region.split('-')
  const options = { languages: 'en' }
  const opened =
    area && state
      ? new DateHolidays(country, state, area, options)
      : state
        ? new DateHolidays(country, state, options)
        : new DateHolidays(country, options)
  regions.set(region, opened)
  return opened
}

/** Codes may contain dashes, so each part is looked up under its parent. */
function isRegion(region: string): boolean {
  if (!/^[A-Z]{2}(?:-[A-Z0-9]{1,8}){0,2}$/i.test(region)) return false
  const [country = '', state, area] = region.split('-')
  const all = new DateHolidays()
  if (all.getCountries()[country] === undefined) return false
  if (state === undefined) return true
  if (all.getStates(country)?.[state] === undefined) return false
  return area === undefined || all.getRegions(country, state)?.[area] !== undefined
}
