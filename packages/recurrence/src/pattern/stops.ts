/** Where a rule by elapsed time and the times of day that it allows can meet, under one offset. */
import { greatestDivisor, SECONDS_PER_DAY } from '../gregorian.ts'
import type { TimesOfDay } from './times-of-day.ts'

export interface Spacing {
  /** An instant counts if it lies within `window` seconds after `anchor` plus a multiple of `period` seconds. */
  readonly anchor: number
  readonly period: number
  readonly window: number
}

/** The first second, not before the given one, that the spacing allows and where a time of day may be met. */
export type Stops = (second: number) => number

/** So many times of day are worth being solved one by one; and so long a period keeps the products exact. */
const SOLVED_TIMES_MAX = 64
const SOLVED_PERIOD_MAX = 1_000_000_000

/**
 * For each offset the stops, or undefined if no time of day is ever met: every second minute from an even one never meets an odd one, and
 * walking through the years would not find out.
 */
export function stopsByOffset(spacing: Spacing, times: TimesOfDay | undefined): (offset: number) => Stops | undefined {
  const plain: Stops = (second) => align(spacing, second)
  if (times === undefined || spacing.window >= spacing.period) return () => plain
  const known = new Map<number, Stops | undefined>()
  const isSolved = spacing.window === 1 && times.size <= SOLVED_TIMES_MAX && spacing.period <= SOLVED_PERIOD_MAX
  return (offset) => {
    if (known.has(offset)) return known.get(offset)
    const stops = isSolved ? solve(spacing, times, offset) : isReachable(spacing, times, offset) ? plain : undefined
    known.set(offset, stops)
    return stops
  }
}

/** The first second, not before `second`, that is in a window. */
function align({ anchor, period, window }: Spacing, second: number): number {
  const past = modulo(second - anchor, period)
  return past < window ? second : second - past + period
}

/**
 * Two regular sequences (the rule's, and one time of each day) meet in a third, by the Chinese remainder theorem. So a rule of 86,401
 * seconds that has to meet midnight, which it does every 236 years, is not walked.
 */
function solve({ anchor, period }: Spacing, times: TimesOfDay, offset: number): Stops | undefined {
  const divisor = greatestDivisor(period, SECONDS_PER_DAY)
  const days = SECONDS_PER_DAY / divisor
  const inverse = inverseOf((period / divisor) % days, days)
  const stride = period * days
  const starts: number[] = []
  for (let index = 0; index < times.size; index++) {
    const wait = modulo(times.at(index) - offset - anchor, SECONDS_PER_DAY)
    if (wait % divisor === 0) starts.push(anchor + period * (((wait / divisor) * inverse) % days))
  }
  if (starts.length === 0) return undefined
  return (second) => Math.min(...starts.map((start) => second + modulo(start - second, stride)))
}

function isReachable({ anchor, period, window }: Spacing, times: TimesOfDay, offset: number): boolean {
  const stride = greatestDivisor(period, SECONDS_PER_DAY)
  for (let index = 0; index < times.size; index++) {
    if (modulo(times.at(index) - offset - anchor, stride) < window) return true
  }
  return false
}

/** The number that gives 1 with `value`, modulo `modulus`; they have no common divisor. */
function inverseOf(value: number, modulus: number): number {
  let [before, now] = [0, 1]
  let [rest, divisor] = [modulus, value]
  while (divisor > 1) {
    const quotient = Math.floor(rest / divisor)
    ;[before, now] = [now, before - quotient * now]
    ;[rest, divisor] = [divisor, rest - quotient * divisor]
  }
  return modulo(now, modulus)
}

const modulo = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor
