/** Words for descriptions. */
import { pad } from '../format-iso.ts'
import { dateOf, SECONDS_PER_DAY } from '../gregorian.ts'

export const weekdayWords = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const monthWords = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[], last = 'and'): string {
  const head = words.slice(0, -1)
  const tail = words.at(-1) ?? ''
  return head.length === 0 ? tail : `${head.join(', ')} ${last} ${tail}`
}

/** Whole numbers, with runs of three or more shortened: `1, 3 and 9 to 16`. */
export function listNumbers(numbers: readonly number[], word: (value: number) => string = String): string {
  const words: string[] = []
  for (let at = 0; at < numbers.length; ) {
    let end = at
    while (numbers[end + 1] === (numbers[end] ?? 0) + 1) end++
    const [first = 0, last = 0] = [numbers[at], numbers[end]]
    if (end - at >= 2) words.push(`${word(first)} to ${word(last)}`)
    else words.push(...numbers.slice(at, end + 1).map(word))
    at = end + 1
  }
  return joinWords(words)
}

/** `1st`, `22nd`, `last`, `3rd to last`. */
export function ordinal(value: number): string {
  if (value === -1) return 'last'
  if (value < 0) return `${ordinal(-value)} to last`
  const tens = value % 100
  const ending = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th')
  return `${value}${ending}`
}

/** `the 1st, 3rd to 7th and last`: numbers counted from the end follow those counted from the start. */
export function listOrdinals(numbers: readonly number[]): string {
  const inReadingOrder = [...numbers.filter((value) => value > 0), ...numbers.filter((value) => value < 0).toReversed()]
  return `the ${listNumbers(inReadingOrder, ordinal)}`
}

export const listMonths = (months: readonly number[]): string => listNumbers(months, (month) => monthWords[month - 1] ?? '')

export const anyDay = 'any day'

/** A list of weekdays, such as `Monday to Friday`. */
export function listWeekdays(weekdays: readonly number[]): string {
  const sorted = [...new Set(weekdays)].sort((a, b) => a - b)
  if (sorted.length === 7) return anyDay
  return listNumbers(sorted, (weekday) => weekdayWords[weekday] ?? '')
}

export function formatTime(secondOfDay: number): string {
  const [hour, minute, second] = [Math.floor(secondOfDay / 3600), Math.floor(secondOfDay / 60) % 60, secondOfDay % 60]
  const short = `${pad(hour)}:${pad(minute)}`
  return second === 0 ? short : `${short}:${pad(second)}`
}

/** `24 December 1997` for a day, `24 December 1997 00:00` for a time: "until midnight" differs from "until the end of that day". */
export function formatLocal(local: number, isDay: boolean): string {
  const day = Math.floor(local / SECONDS_PER_DAY)
  const { year, month, day: monthDay } = dateOf(day)
  const time = local - day * SECONDS_PER_DAY
  return `${monthDay} ${monthWords[month - 1]} ${year}${isDay ? '' : ` ${formatTime(time)}`}`
}

export const plural = (count: number, unit: string): string => (count === 1 ? unit : `${count} ${unit}s`)
