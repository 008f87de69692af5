import { pad } from '../format-iso.ts'
import { createTimesOfDay } from '../pattern/times-of-day.ts'
import { formatTime, joinWords, listNumbers, ordinal } from './english.ts'

/** Up to this many times are listed one by one. */
const NAMED_MAX = 6

/** Times of day: `at 09:00 and 17:00`, or by hours and minutes if there are many. */
export function describeTimes(hours: readonly number[], minutes: readonly number[], seconds: readonly number[]): string {
  const times = createTimesOfDay(hours, minutes, seconds)
  if (times.size <= NAMED_MAX) {
    return `at ${joinWords(Array.from({ length: times.size }, (_, index) => formatTime(times.at(index))))}`
  }
  return joinParts([describeWithinHour(minutes, seconds), describeHours(hours)])
}

/** `every 15 minutes`, `at minute 5 and 35`; with seconds unless they are just 0. */
export function describeWithinHour(minutes: readonly number[], seconds: readonly number[]): string {
  const isOnTheMinute = seconds.length === 1 && seconds[0] === 0
  const step = evenStep(minutes, 60)
  const ofMinutes = step === 1 ? 'every minute' : step ? `every ${step} minutes` : `at minute ${listNumbers(minutes)}`
  if (isOnTheMinute) return ofMinutes
  const secondStep = evenStep(seconds, 60)
  const ofSeconds = secondStep === 1 ? 'every second' : secondStep ? `every ${secondStep} seconds` : `at second ${listNumbers(seconds)}`
  return step === 1 ? ofSeconds : `${ofSeconds}, ${ofMinutes}`
}

export function describeHours(hours: readonly number[]): string {
  if (hours.length === 24) return ''
  const step = evenStep(hours, 24)
  if (step) return `in every ${ordinal(step)} hour from midnight on`
  const [first = 0] = hours
  const last = hours.at(-1) ?? 0
  return last - first === hours.length - 1 ? `from ${pad(first)}:00 to ${pad(last)}:59` : `in the hours ${listNumbers(hours)}`
}

/** The step of a list such as 0, 15, 30, 45; undefined if the steps are unequal or there is only one entry. */
function evenStep(list: readonly number[], end: number): number | undefined {
  const [first, second] = list
  if (first !== 0 || second === undefined) return undefined
  return end % second === 0 && list.length === end / second && list.every((value, index) => value === index * second) ? second : undefined
}

export const joinParts = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(' ')
