import { ProblemError } from '@orrery/contract'
import type { AnswerTo, Ctx, InputFor } from '@orrery/kernel'
import { startRun } from './start-run.ts'

type Item = AnswerTo<'runs.startMany'>['items'][number]

/** Starts all runs concurrently in the engine's group commits, or one after the other in the transaction of the call. */
export async function startRuns(ctx: Ctx, input: InputFor<'runs.startMany'>): Promise<AnswerTo<'runs.startMany'>> {
  if (ctx.tx === null) return { items: await Promise.all(input.items.map((item) => startOne(ctx, item))) }
  const items: Item[] = []
  for (const item of input.items) items.push(await startOne(ctx, item))
  return { items }
}

async function startOne(ctx: Ctx, item: InputFor<'runs.start'>): Promise<Item> {
  try {
    return await startRun(ctx, item)
  } catch (error) {
    if (error instanceof ProblemError) return { outcome: 'problem', problem: error.toProblem(ctx.origin.requestId) }
    throw error
  }
}
