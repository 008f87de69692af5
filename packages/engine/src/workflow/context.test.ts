import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type Context, type PortableContext, step, stepRegistry, txStep, workflow } from './index.ts'

const charge = step('types/charge', async (input: { amount: number }) => ({ id: 'x', at: new Date(), amount: input.amount }))
const ping = step('types/ping', async () => {})
const move = txStep(
  'types/move',
  async (input: { to: string }, { tx }) => (await tx.query<{ n: number }>('select $1::int as n', [input.to.length])).rows[0]?.n ?? 0,
)

test('types describe values after JSON, and a portable workflow cannot run a tx step', () => {
  const check = async (ctx: Context, portable: PortableContext) => {
    expectTypeOf(await ctx.run(charge, { amount: 1 })).toEqualTypeOf<{ id: string; at: string; amount: number }>()
    expectTypeOf(await ctx.run(ping)).toEqualTypeOf<null>()
    expectTypeOf(await ctx.run(move, { to: 'a' })).toEqualTypeOf<number>()
    expectTypeOf(await portable.run(charge, { amount: 1 })).toExtend<{ id: string }>()
    // @ts-expect-error a step in the database exists on PostgreSQL only
    await portable.run(move, { to: 'a' })
    // @ts-expect-error the input is missing
    await ctx.run(charge)
    // @ts-expect-error the input has another shape
    await ctx.run(charge, { amount: 'much' })
    expectTypeOf(await ctx.all([() => ctx.run(ping), () => 1])).toEqualTypeOf<[null, number]>()
    expectTypeOf(await ctx.waitFor('x', z.object({ n: z.number() }))).toEqualTypeOf<{ n: number }>()
    expectTypeOf(await ctx.child(wf, {})).toEqualTypeOf<{ ok: boolean }>()
  }
  const wf = workflow(
    'types',
    { input: z.object({ n: z.number().default(1) }), output: z.object({ ok: z.boolean() }) },
    async (_ctx, input) => {
      expectTypeOf(input).toEqualTypeOf<{ n: number }>()
      return { ok: true }
    },
  )
  const portable = workflow('portable', async (ctx: PortableContext, input: { a: number }) => ctx.run(charge, { amount: input.a }))
  expect([typeof check, wf.name, portable.name]).toEqual(['function', 'types', 'portable'])
})

test('rejects a second body under the same step name', () => {
  expect(stepRegistry().find('types/move')).toMatchObject({ transactional: true, timeoutMs: null })
  expect(() => step('types/ping', async () => 'another')).toThrow(/two steps are named types\/ping/)
  expect(step('types/ping')).toMatchObject({ name: 'types/ping' })
})

test('declarations reject invalid options', () => {
  expect(() => step('types/bad', { timeout: '30' }, () => 1)).toThrow(/timeout of step types\/bad: "30" has no unit/)
  expect(() => workflow('w', { concurrency: { limit: 0 } }, () => 1)).toThrow(/concurrency\.limit of workflow w/)
  expect(() => step('', () => 1)).toThrow(/1 to 200 characters/)
})

test('declarations refuse options that do not exist, which would be without effect', () => {
  const odd = (options: object) => options as never
  const retry = 'retry has no option "attempts"; it has max, initial, factor, increment, maximum, jitter, nonRetryable'
  expect(() => step('types/odd', { retry: odd({ attempts: 1 }) }, () => 1)).toThrow(retry)
  expect(() => step('types/odd', odd({ timeoutMs: 5 }), () => 1)).toThrow(
    'step types/odd has no option "timeoutMs"; it has retry, timeout, heartbeatTimeout',
  )
  expect(() => workflow('w', odd({ retry: 3 }), () => 1)).toThrow(/^workflow w has no option "retry"; it has description, input, /)
  expect(() => workflow('w', odd({ concurrency: { limit: 1, max: 2 } }), () => 1)).toThrow(
    'concurrency of workflow w has no option "max"; it has limit, key, onFull',
  )
  expect(() => workflow('w', odd({ rateLimit: { limit: 1, per: '1m' } }), () => 1)).toThrow(/^rateLimit of workflow w has no option "per"/)
  expect(() => workflow('w', odd({ debounce: { wait: '1m' } }), () => 1)).toThrow(/^debounce of workflow w has no option "wait"/)
})
