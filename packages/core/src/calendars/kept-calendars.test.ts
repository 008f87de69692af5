import { compileCalendar } from '@orrery/recurrence'
import { expect, it } from 'vitest'
import { keepCalendars } from './kept-calendars.ts'

const compiled = compileCalendar({ zone: 'UTC', layers: [] })
if (!compiled.ok) throw new Error('a calendar without layers compiles')
const calendar = compiled.value

it('keeps so many compiled calendars, those that were used last', () => {
  const kept = keepCalendars(2, 100)
  kept.keep('a', calendar, 0)
  kept.keep('b', calendar, 0)
  kept.get('a')
  kept.keep('c', calendar, 0)
  expect(['a', 'b', 'c'].map((key) => kept.get(key) === calendar)).toEqual([true, false, true])
})

it('keeps only so much of feeds, however few calendars they are in', () => {
  const kept = keepCalendars(10, 100)
  kept.keep('a', calendar, 60)
  kept.keep('b', calendar, 40)
  kept.keep('b', calendar, 40)
  expect(['a', 'b'].map((key) => kept.get(key) === calendar)).toEqual([true, true])
  kept.keep('c', calendar, 50)
  expect(['a', 'b', 'c'].map((key) => kept.get(key) === calendar)).toEqual([false, true, true])
  kept.keep('too much', calendar, 101)
  expect(['b', 'c', 'too much'].map((key) => kept.get(key) === calendar)).toEqual([false, false, true])
  kept.keep('d', calendar, 100)
  expect(['too much', 'd'].map((key) => kept.get(key) === calendar)).toEqual([false, true])
})
