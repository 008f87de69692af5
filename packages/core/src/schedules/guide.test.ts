/** docs/guides/schedules-and-calendars.md says what is true: its schedules and calendars can be used, and what stands below them is what comes out. */
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

/** Each JSON block, with the lines of the text block that follows it at once. */
const blocks = [...guide.matchAll(/```json\n([\s\S]*?)```(?:\n\n```text\n([\s\S]*?)\n```)?/g)].map(([, json = '', text]) => ({
  value: JSON.parse(json) as { layers?: unknown },
  told: text?.split('\n') ?? [],
}))
const calendars = blocks.filter(({ value }) => value.layers !== undefined)
const schedules = blocks.filter(({ value }) => value.layers === undefined)
const rows = [...guide.matchAll(/^\| `(.+?)` \| ([A-Z][^|]*) \|$/gm)].map(([, text = '', told = '']) => ({ text, told }))

/** Those that have no name in the guide are named by nobody. */
const office = asRules(calendarDefinition.parse(calendars[0]?.value))
const sources = {
  calendars: (name: string): Calendar | undefined => (name === 'us-office' ? office : undefined),
  feeds: () => 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n',
  holidays: findHolidays,
}

test('there is something to check', () => {
  expect([calendars.length, schedules.length, rows.length]).toEqual([2, 5, 19])
  expect(blocks.filter(({ told }) => told.length > 0)).toHaveLength(6)
})

describe('a schedule', () => {
  test.each(schedules)('of the guide occurs when the guide says: $value', ({ value, told: [first = '', ...told] }) => {
    const compiled = compileSchedule(readSchedule(scheduleShape.parse(value), 'UTC', nowMs), sources)
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues))
    const after = Date.parse(/^after (\S+)$/.exec(first)?.[1] ?? '')
    expect(preview(compiled.value, after, told.length, 'UTC').lines.map(({ here }) => here.local)).toEqual(told)
  })

  test.each(rows)('in one line is what its table says: $text', ({ text, told }) => {
    const read = readSchedule(text, 'UTC', nowMs)
    expect(compileSchedule(read)).toMatchObject({ ok: true })
    expect(describeSchedule(read).replace(' (UTC)', '')).toBe(told)
  })
})

test.each(calendars)('a calendar of the guide can be used, and its days are what the guide says', ({ value, told: [first, ...told] }) => {
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
  expect(lines).toEqual(told)
})

const formatTime = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(11, 16)
