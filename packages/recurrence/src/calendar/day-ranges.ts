import { SECONDS_PER_DAY } from '../gregorian.ts'
import { quote, refuse } from '../parsing.ts'
import type { DayRange } from './calendar.ts'

export const wholeDay: readonly DayRange[] = [{ from: 0, to: SECONDS_PER_DAY }]

/** Ranges such as `09:00-12:30`, sorted. Ranges may touch; ranges that overlap are refused. */
export function parseRanges(texts: readonly string[]): DayRange[] {
  const ranges = texts.map(parseRange).sort((a, b) => a.from - b.from)
  ranges.forEach((range, index) => {
    const before = ranges[index - 1]
    if (before && before.to > range.from) refuse(0, `the hours ${texts.join(', ')} overlap`)
  })
  return ranges
}

const form = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/

function parseRange(text: string): DayRange {
  const match = form.exec(text)
  if (!match) refuse(0, `${quote(text)} is not a range of hours such as 09:00-17:30`)
  const [, fromHour, fromMinute, toHour, toMinute] = match.map(Number)
  const from = timeOf(fromHour, fromMinute)
  const to = timeOf(toHour, toMinute)
  if (from === undefined || to === undefined) refuse(0, `${quote(text)} has a time after 24:00 or minutes above 59`)
  if (to <= from) refuse(0, `${text} ends before it starts; write hours past midnight as two ranges, on two days`)
  return { from, to }
}

function timeOf(hour = 0, minute = 0): number | undefined {
  const time = hour * 3600 + minute * 60
  return minute < 60 && time <= SECONDS_PER_DAY ? time : undefined
}

export function intersect(some: readonly DayRange[], others: readonly DayRange[]): DayRange[] {
  return some.flatMap((one) =>
    others.flatMap((other) => {
      const from = Math.max(one.from, other.from)
      const to = Math.min(one.to, other.to)
      return from < to ? [{ from, to }] : []
    }),
  )
}

/** Removes holes, given in any order, from ascending ranges. */
export function subtract(some: readonly DayRange[], holes: readonly DayRange[]): DayRange[] {
  const sorted = holes.toSorted((a, b) => a.from - b.from)
  const left: DayRange[] = []
  let at = 0
  for (const { from, to } of some) {
    let start = from
    // A hole that ends after this range is used again for the next one.
    for (; at < sorted.length; at++) {
      const hole = sorted[at]
      if (hole === undefined || hole.from >= to) break
      if (hole.from > start) left.push({ from: start, to: hole.from })
      start = Math.max(start, hole.to)
      if (hole.to > to) break
    }
    if (start < to) left.push({ from: start, to })
  }
  return left
}
