/** Workflows that leave a row in every table: steps with logs and progress, large payloads, signals, limits, children, failures. */
import { NonRetryableError, step, workflow } from '@orrery/engine/workflow'

const greet = step('greet', async (input: { word: string; size?: number }, { log }) => {
  log.info(`Greeting ${input.word}`, { word: input.word })
  return `Hello, ${input.word}! ${'.'.repeat(input.size ?? 0)}`
})

const demand = step('demand', { retry: false }, async (input: { word: string }) => {
  throw new NonRetryableError(`${input.word} is not good`)
})

/** Reports its progress and then runs until it is cancelled. */
const toil = step('toil', { retry: false }, async (input: { word: string }, { heartbeat, signal }) => {
  heartbeat({ word: input.word })
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  return null
})

export const greeting = workflow('greeting', { description: 'Greets a person.' }, async (ctx, input: { word: string; size?: number }) => ({
  text: await ctx.run(greet, input),
}))

export const talk = workflow('talk', async (ctx, input: { word: string }) => {
  let stage = `asked about ${input?.word}`
  ctx.query('stage', () => stage)
  const answer = await ctx.waitFor('answer')
  stage = 'answered'
  return { answer }
})

export const fragile = workflow('fragile', async (ctx, input: { word: string }) => {
  await ctx.run(demand, { word: input?.word ?? 'nothing' })
})

export const toiling = workflow('toiling', async (ctx, input: { word: string }) => await ctx.run(toil, input))

export const single = workflow('single', { concurrency: { limit: 1, key: 'lane' } }, async (ctx, _input: { lane: string }) => {
  await ctx.waitFor('go')
})

export const family = workflow('family', async (ctx, input: { word: string }) => await ctx.child(talk, input))

/** Each organization has it under a name of its own: the fixture writes the name into the built bundle. */
export const own = workflow('own-of-one-org', async () => 'done')
