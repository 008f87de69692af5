import { workflow } from '@orrery/engine/workflow'
import { add, pause } from './steps.ts'

export const count = workflow('count', async (ctx, input: { steps: number }) => {
  let sum = 0
  for (let k = 0; k < input.steps; k++) sum += await ctx.run(add, k)
  return sum
})

export const plod = workflow('plod', async (ctx, input: { steps: number; ms: number }) => {
  for (let k = 0; k < input.steps; k++) await ctx.run(pause, input.ms)
})
