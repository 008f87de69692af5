import { expect, test } from 'vitest'
import * as scenes from '../workflow/fixtures/scenes.ts'
import { NonRetryableError, step, TimeoutError, workflow } from '../workflow/index.ts'
import { takes } from './test-step.ts'
import { testWorkflow } from './test-workflow.ts'

const real = step('real', { retry: { max: 3, initial: '10s', jitter: 'none' } }, async (n: number, { attempt }) => {
  if (attempt < 3) throw new Error('not yet')
  return n * attempt
})

test('runs real step bodies under their retry policy in virtual time', async () => {
  const wf = workflow('w', async (ctx, input: { n: number }) => ctx.run(real, input.n))
  const result = await testWorkflow(wf, { input: { n: 5 } })
  expect(result).toMatchObject({ status: 'succeeded', output: 15, elapsedMs: 30_000 })
  expect(result.steps.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
})

test('a sleep of months takes no real time', async () => {
  const wf = workflow('w', async (ctx) => {
    await ctx.sleep('90d')
    return ctx.now().toISOString()
  })
  expect(await testWorkflow(wf, { now: '2030-01-01T00:00:00Z' })).toMatchObject({
    output: '2030-04-01T00:00:00.000Z',
    elapsedMs: 90 * 86_400_000,
  })
})

test('delivers signals at their time, and a wait without a signal times out or is stuck', async () => {
  expect(await testWorkflow(scenes.waits, { signals: [{ name: 'approve', payload: { yes: true }, at: '2h' }] })).toMatchObject({
    output: { yes: true },
    elapsedMs: 7_200_000,
  })
  expect(await testWorkflow(scenes.waits, {})).toMatchObject({ output: { timedOut: true }, elapsedMs: 3 * 86_400_000 })
  expect(
    await testWorkflow(
      workflow('w', (ctx) => ctx.waitFor('x')),
      {},
    ),
  ).toMatchObject({ status: 'stuck' })
})

test('races, scopes and cleanup work as in a bundle', async () => {
  const steps = { work: takes('1h', 7), cleanUp: 1 }
  expect(await testWorkflow(scenes.racing, { steps: { work: (n: number) => n } })).toMatchObject({
    output: { first: 1, seen: ['lane 2 was cancelled'] },
  })
  expect(await testWorkflow(scenes.scoped, { steps })).toMatchObject({ output: { ended: 'CancelledError: enough', other: 7 } })
  const cancelled = await testWorkflow(scenes.cleaning, { steps, cancel: { at: '1m' } })
  expect(cancelled).toMatchObject({ status: 'cancelled', elapsedMs: 60_000 })
  expect(cancelled.steps.map(({ name }) => name)).toEqual(['work', 'cleanUp', 'cleanUp'])
})

test('children are replaced by value, function or definition', async () => {
  const steps = { work: 4 }
  expect(await testWorkflow(scenes.family, { children: { background: null, plain: scenes.plain }, steps })).toMatchObject({ output: 5 })
  const failing = () => {
    throw new RangeError('no')
  }
  expect(await testWorkflow(scenes.family, { children: { background: null, plain: failing } })).toMatchObject({
    output: { failed: 'RangeError' },
  })
})

test('failures, timeouts, generations and queries behave as on a server', async () => {
  const steps = {
    work: () => {
      throw new NonRetryableError('never')
    },
  }
  expect(await testWorkflow(scenes.plain, { input: { n: 1 }, steps })).toMatchObject({
    status: 'failed',
    error: { name: 'StepFailedError' },
  })
  const slow = workflow('slow', async (ctx) => ctx.run(scenes.work, 1, { timeout: '1m' }))
  expect(await testWorkflow(slow, { steps: { work: takes('2m', 1) } })).toMatchObject({
    status: 'failed',
    error: { details: { failure: { kind: 'timeout' } } },
  })
  expect(
    await testWorkflow(
      workflow('w', { timeout: '1h' }, (ctx) => ctx.sleep('2h')),
      {},
    ),
  ).toMatchObject({ status: 'timed_out', elapsedMs: 3_600_000 })
  const counting = workflow('counting', async (ctx, input: { n: number }) =>
    input.n < 3 ? ctx.continueAsNew({ n: input.n + 1 }) : input.n,
  )
  expect(await testWorkflow(counting, { input: { n: 0 } })).toMatchObject({ output: 3 })
  expect(await (await testWorkflow(scenes.asked, {})).query('state', { loud: true })).toBe('SLEPT')
  expect(new TimeoutError('x').name).toBe('TimeoutError')
})
