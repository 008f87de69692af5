/** Workflows for the tests of operations. */
import { NonRetryableError, type Schema, step, workflow } from '@orrery/engine/workflow'

const named: Schema<{ name: string }> = {
  '~standard': {
    version: 1,
    vendor: 'orrery tests',
    validate: (value) => {
      const name = (value as { name?: unknown } | null)?.name
      if (typeof name === 'string') return { value: { name } }
      // In the words of zod.
      return { issues: [{ message: `Invalid input: expected string, received ${typeof name}`, path: ['name'] }] }
    },
  },
}

export const greet = step('greet', async (input: { name: string }, { log }) => {
  log.info('Greeting', { name: input.name })
  return `Hello ${input.name}`
})

export const demand = step('demand', { retry: false }, async (input: { good: boolean }) => {
  if (!input.good) throw new NonRetryableError('It is not good')
  return 'fine'
})

export const stumble = step('stumble', { retry: { max: 2, initial: '1ms' } }, async (_: null, { attempt }) => {
  if (attempt === 1) throw new Error('Once')
  return 'up again'
})

export const greeting = workflow('greeting', { input: named, description: 'Greets a person.' }, async (ctx, input) => ({
  text: await ctx.run(greet, input),
}))

export const approval = workflow('approval', async (ctx) => {
  let stage = 'asked'
  ctx.query('stage', () => stage)
  const answer = await ctx.waitFor('answer')
  stage = 'answered'
  return { answer }
})

export const picky = workflow('picky', async (ctx) => ctx.waitFor('person', named))

export const fragile = workflow('fragile', async (ctx, input: { good: boolean }) => {
  await ctx.run(greet, { name: 'before' })
  const verdict = await ctx.run(demand, { good: input.good })
  return { verdict }
})

export const single = workflow('single', { concurrency: { limit: 1 } }, async (ctx) => {
  await ctx.waitFor('go')
})

export const stumbling = workflow('stumbling', (ctx) => ctx.run(stumble, null))
