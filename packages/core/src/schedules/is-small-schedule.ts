import type { Schedule } from '@orrery/recurrence'

const PARTS_MAX = 4
const LETTERS_MAX = 2_000
const COUNT_MAX = 1_000

/**
 * Whether nothing that is asked of a schedule takes long: few rules, and no calendar. The most expensive ones that were found, rules that
 * never occur and excludes that leave nothing, take 10 ms.
 */
export function isSmallSchedule({ include, exclude = [], calendar, count = 0 }: Schedule): boolean {
  if (calendar !== undefined || count > COUNT_MAX || include.length + exclude.length > PARTS_MAX) return false
  if (exclude.some(({ kind }) => kind === 'calendar')) return false
  return JSON.stringify(include).length + JSON.stringify(exclude).length <= LETTERS_MAX
}
