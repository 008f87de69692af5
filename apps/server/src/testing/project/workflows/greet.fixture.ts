/** A project for tests of the server: a workflow with a step, one that waits for a signal, and one whose step calls a local port. */
import { step, workflow } from '@orrery/engine/workflow'

const compose = step('compose-greeting', {}, async ({ name }: { name: string }) => `Hello, ${name}!`)

export const greet = workflow('greet', {}, async (ctx, input: { name: string }) => {
  return { greeting: await ctx.run(compose, input) }
})

export const waitForWord = workflow('wait-for-word', {}, async (ctx) => {
  return { word: await ctx.waitFor<string>('word') }
})

const ask = step('ask-slowly', {}, async ({ port }: { port: number }) => (await fetch(`http://127.0.0.1:${port}`)).status)

export const askSlowly = workflow('ask-slowly', {}, async (ctx, input: { port: number }) => ({ status: await ctx.run(ask, input) }))
