/** The seconds at which a rule by elapsed time can meet one of its allowed times of day, under one offset. */
import { greatestDivisor, SECONDS_PER_DAY } from '../gregorian.ts'
import type { TimesOfDay } from './times-of-day.ts'

export interface Spacing {
  /** An instant counts if it is within `window` seconds after `anchor` plus a multiple of `period` seconds. */
  readonly anchor: number
  readonly period: number
  readonly window: number
}

/** The first second, at or after the given one, that the spacing allows and at which a time of day may be met. */
export type NextCandidate = (second: number) => number

/** Up to this many times of day are solved one by one; up to this period the products stay exact. */
const SOLVED_TIMES_MAX = 64
const SOLVED_PERIOD_MAX = 1_000_000_000

/**
 * Returns the candidates for an offset, or undefined if no time of day is ever met: a rule of every second minute that starts at an even
 * minute never meets an odd one, and a walk through the years would not find that out.
 */
export function candidatesByOffset(spacing: Spacing, times: TimesOfDay | undefined): (offset: number) => NextCandidate | undefined {
  const plain: NextCandidate = (second) => align(spacing, second)
  if (times === undefined || spacing.window >= spacing.period) return () => plain
  const known = new Map<number, NextCandidate | undefined>()
  const isSolved = spacing.window === 1 && times.size <= SOLVED_TIMES_MAX && spacing.period <= SOLVED_PERIOD_MAX
  return (offset) => {
    if (known.has(offset)) return known.get(offset)
    const candidates = isSolved ? solve(spacing, times, offset) : isReachable(spacing, times, offset) ? plain : undefined
    known.set(offset, candidates)
    return candidates
  }
}

/** The first second, at or after `second`, that is in a window. */
function align({ anchor, period, window }: Spacing, second: number): number {
  const past = modulo(second - anchor, period)
  return past < window ? second : second - past + period
}

/**
 * The intersection of two regular sequences (the rule's, and one time of each day) is a third one, by the Chinese remainder theorem. So a
 * rule of 86,401 seconds that must meet midnight, which happens every 236 years, needs no walk.
 */
function solve({ anchor, period }: Spacing, times: TimesOfDay, offset: number): NextCandidate | undefined {
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

/** The multiplicative inverse of `value` modulo `modulus`; the two have no common divisor. */
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
