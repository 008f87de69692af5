import { step, workflow } from '@orrery/sdk'
import { z } from 'zod'

// A step is where the world is touched. It runs at least once; its outcome is recorded once and never asked for again.
export const lookUp = step('look-up', { retry: { max: 3 }, timeout: '10s' }, async ({ name }: { name: string }) => {
  return { name, letters: name.length, seenAt: new Date().toISOString() }
})

export const write = step(
  'write',
  ({ name, letters }: { name: string; letters: number }) => `Hello ${name}, your name has ${letters} letters.`,
)

// A workflow decides what happens in which order. It may be stopped anywhere and goes on where it was, even on another machine.
export const hello = workflow('hello', { input: z.object({ name: z.string().min(1) }) }, async (ctx, { name }) => {
  const person = await ctx.run(lookUp, { name })
  await ctx.sleep('2s')
  return { greeting: await ctx.run(write, person) }
})
