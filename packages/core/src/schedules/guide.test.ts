/**
 * Goal: each schedule and calendar in docs/guides/schedules-and-calendars.md is valid, and has the occurrences or days that the guide
 * shows.
 */
import { readFileSync } from 'node:fs'
import { calendarDefinition, schedule as scheduleShape } from '@orrery/contract'
import { type Calendar, compileCalendar, compileSchedule, describeSchedule, preview, weekdayNames } from '@orrery/recurrence'
import { findHolidays } from '@orrery/recurrence/holidays'
import { describe, expect, test } from 'vitest'
import { asRules } from '../calendars/calendar-row.ts'
import { readSchedule } from './read-schedule.ts'

const guide = readFileSync(new URL('../../../../docs/guides/schedules-and-calendars.md', import.meta.url), 'utf8')
const nowMs = Date.parse('2026-06-01T00:00:00Z')
const DAY_MS = 86_400_000

/** Each JSON block, with the lines of the text block directly after it. */
const blocks = [...guide.matchAll(/```json(?: \S+)?\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)\n```)?/g)].map(([, json = '', text]) => ({
  value: JSON.parse(json) as { layers?: unknown },
  shown: text?.split('\n') ?? [],
}))
const calendars = blocks.filter(({ value }) => value.layers !== undefined)
const schedules = blocks.filter(({ value }) => value.layers === undefined)
const rows = [...guide.matchAll(/^\| `(.+?)` \| ([A-Z][^|]*) \|$/gm)].map(([, text = '', shown = '']) => ({ text, shown }))

/** The only calendar of the guide that a schedule names. */
const office = asRules(calendarDefinition.parse(calendars[0]?.value))
const sources = {
  calendars: (name: string): Calendar | undefined => (name === 'us-office' ? office : undefined),
  feeds: () => 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n',
  holidays: findHolidays,
}

test('finds all blocks and rows of the guide', () => {
  expect([calendars.length, schedules.length, rows.length]).toEqual([2, 5, 21])
  expect(blocks.filter(({ shown }) => shown.length > 0)).toHaveLength(6)
})

describe('a schedule of the guide', () => {
  test.each(schedules)('has the occurrences that the guide shows: $value', ({ value, shown: [first = '', ...shown] }) => {
    const compiled = compileSchedule(readSchedule(scheduleShape.parse(value), 'UTC', nowMs), sources)
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
    const after = Date.parse(/^after (\S+)$/.exec(first)?.[1] ?? '')
    expect(preview(compiled.value, after, shown.length, 'UTC').lines.map(({ here }) => here.local)).toEqual(shown)
  })

  test.each(rows)('has the meaning in the table of the guide: $text', ({ text, shown }) => {
    const read = readSchedule(text, 'UTC', nowMs)
    expect(compileSchedule(read)).toMatchObject({ ok: true })
    expect(describeSchedule(read).replace(' (UTC)', '')).toBe(shown)
  })
})

test.each(calendars)('a calendar of the guide is valid and has the days that the guide shows', ({ value, shown: [first, ...shown] }) => {
  const compiled = compileCalendar(asRules(calendarDefinition.parse(value)), sources)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
  if (first === undefined) return
  const [from = 0, to = 0] = (/^days from (\S+) to (\S+)$/.exec(first)?.slice(1) ?? []).map((day) => Date.parse(day) / DAY_MS)
  const lines = Array.from({ length: to - from + 1 }, (_, at) => {
    const { open, name } = compiled.value.planOf(from + at)
    const hours = open.map((range) => `${formatTime(range.from)}-${formatTime(range.to)}`).join(' ')
    const words = [new Date((from + at) * DAY_MS).toISOString().slice(0, 10), weekdayNames[(from + at + 3) % 7], hours || 'closed', name]
    return words.filter((word) => word !== undefined).join(' ')
  })
  expect(lines).toEqual(shown)
})

const formatTime = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(11, 16)
