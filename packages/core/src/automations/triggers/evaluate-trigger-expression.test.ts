import { expect, it } from 'vitest'
import { evaluateTriggerExpression } from './evaluate-trigger-expression.ts'
import { nextTurnMs } from './poll-condition.ts'

const at = { nowMs: Date.parse('2026-11-05T23:30:00Z'), timezone: 'Europe/Berlin' }
const event = { type: 'order.paid', data: { total: 99.5, tags: ['new', 'eu'] } }
const evaluate = (text: string) => evaluateTriggerExpression(text, { event }, at)

it('evaluates to true or false for an event, and counts a missing value as false', () => {
  expect(evaluate('event.data.total > 50')).toEqual({ ok: true, value: true })
  expect(evaluate('${event.data.total > 100}')).toEqual({ ok: true, value: false })
  expect(evaluate("contains(event.data.tags, 'eu')")).toEqual({ ok: true, value: true })
  expect(evaluate('event.data.nothing.at.all')).toEqual({ ok: true, value: false })
  expect(evaluate('event.data.tags')).toEqual({ ok: true, value: true })
  expect(evaluate("date == '2026-11-06'")).toEqual({ ok: true, value: true })
})

it('returns an error for an invalid expression, and stops after a bounded amount of work', () => {
  expect(evaluate('event.data.tags > 5')).toMatchObject({ ok: false, message: expect.stringContaining('compares') })
  expect(evaluate('evnt.data')).toMatchObject({ ok: false, message: expect.stringContaining('evnt') })
  expect(evaluate('event.(')).toMatchObject({ ok: false })
  const many = { event: { list: Array.from({ length: 200_000 }, (_, n) => n) } }
  expect(evaluateTriggerExpression('event.list[?@ > 5]', many, at).ok).toBe(false)
})

it('reads the output of a tool as result, and then no event', () => {
  expect(evaluateTriggerExpression('result.left < 10', { result: { left: 3 } }, at)).toEqual({ ok: true, value: true })
  expect(evaluateTriggerExpression('event.x', { result: 1 }, at).ok).toBe(false)
})

it('keeps polls in step with earlier ones after any number of missed polls', () => {
  expect(nextTurnMs(1000, 100, 1000)).toBe(1100)
  expect(nextTurnMs(1000, 100, 1099)).toBe(1100)
  expect(nextTurnMs(1000, 100, 1100)).toBe(1200)
  expect(nextTurnMs(1000, 100, 99_950)).toBe(100_000)
  // After the clock was set back, the wait is not longer than one interval.
  expect(nextTurnMs(1000, 100, 0)).toBe(1100)
})
