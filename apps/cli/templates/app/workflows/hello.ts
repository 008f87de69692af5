import { step, workflow } from '@orrery/sdk'
import { z } from 'zod'

// Side effects belong in steps. A step runs at least once. Its outcome is recorded once, and replays use the recorded outcome.
export const lookUp = step('look-up', { retry: { max: 3 }, timeout: '10s' }, async ({ name }: { name: string }) => {
  return { name, letters: name.length, seenAt: new Date().toISOString() }
})

export const write = step(
  'write',
  ({ name, letters }: { name: string; letters: number }) => `Hello ${name}, your name has ${letters} letters.`,
)

// A workflow decides which steps run in which order. It may be interrupted anywhere and continues where it was, even on another machine.
export const hello = workflow('hello', { input: z.object({ name: z.string().min(1) }) }, async (ctx, { name }) => {
  const person = await ctx.run(lookUp, { name })
  await ctx.sleep('2s')
  return { greeting: await ctx.run(write, person) }
})
