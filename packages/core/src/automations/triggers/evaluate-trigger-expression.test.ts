import { expect, it } from 'vitest'
import { evaluateTriggerExpression } from './evaluate-trigger-expression.ts'
import { nextTurnMs } from './poll-condition.ts'

const at = { nowMs: Date.parse('2026-11-05T23:30:00Z'), timezone: 'Europe/Berlin' }
const event = { type: 'order.paid', data: { total: 99.5, tags: ['new', 'eu'] } }
const judge = (text: string) => evaluateTriggerExpression(text, { event }, at)

it('is true or false of an event; what is missing counts as false', () => {
  expect(judge('event.data.total > 50')).toEqual({ ok: true, value: true })
  expect(judge('${event.data.total > 100}')).toEqual({ ok: true, value: false })
  expect(judge("contains(event.data.tags, 'eu')")).toEqual({ ok: true, value: true })
  expect(judge('event.data.nothing.at.all')).toEqual({ ok: true, value: false })
  expect(judge('event.data.tags')).toEqual({ ok: true, value: true })
  expect(judge("date == '2026-11-06'")).toEqual({ ok: true, value: true })
})

it('says what is wrong with one that has no value, and costs a bounded amount of work', () => {
  expect(judge('event.data.tags > 5')).toMatchObject({ ok: false, message: expect.stringContaining('compares') })
  expect(judge('evnt.data')).toMatchObject({ ok: false, message: expect.stringContaining('evnt') })
  expect(judge('event.(')).toMatchObject({ ok: false })
  const many = { event: { list: Array.from({ length: 200_000 }, (_, n) => n) } }
  expect(evaluateTriggerExpression('event.list[?@ > 5]', many, at).ok).toBe(false)
})

it('reads what a tool gave as result, and no event beside it', () => {
  expect(evaluateTriggerExpression('result.left < 10', { result: { left: 3 } }, at)).toEqual({ ok: true, value: true })
  expect(evaluateTriggerExpression('event.x', { result: 1 }, at).ok).toBe(false)
})

it('asks a tool in step with the turns before, whatever was missed', () => {
  expect(nextTurnMs(1000, 100, 1000)).toBe(1100)
  expect(nextTurnMs(1000, 100, 1099)).toBe(1100)
  expect(nextTurnMs(1000, 100, 1100)).toBe(1200)
  expect(nextTurnMs(1000, 100, 99_950)).toBe(100_000)
  // A clock that went back does not make it wait for longer than a turn.
  expect(nextTurnMs(1000, 100, 0)).toBe(1100)
})
