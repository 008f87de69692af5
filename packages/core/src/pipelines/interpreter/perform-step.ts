import type { ForEachStep, HumanStep, Json, ParallelStep, WaitStep } from '@orrery/contract'
import { TimeoutError } from '@orrery/engine/workflow'
import { renderHuman, renderItems, renderWait, sequencesOf } from '@orrery/expressions'
import { callPipeline, callTool, type StartedStep } from './call-step.ts'
import { type Interpretation, openFrame, save } from './frame.ts'
import { PipelineRefusal, unwrap } from './pipeline-failure.ts'
import { shorten } from './pipeline-progress.ts'

/** Performs a step and returns its value. Throws the original error of a failure. */
export function performStep(running: Interpretation, started: StartedStep): Promise<Json> {
  const { step } = started.placed
  if ('uses' in step) return callTool(running, step, started)
  if ('pipeline' in step) return callPipeline(running, step, started)
  if ('parallel' in step) return withTimeLimit(running, step, () => runBranches(running, step, started))
  if ('for_each' in step) return withTimeLimit(running, step, () => runRounds(running, step, started))
  return 'wait' in step ? wait(running, step, started) : askPerson(step, started)
}

/** Applies the time limit of a step with inner steps. After it, all inner steps are cancelled. */
function withTimeLimit(running: Interpretation, step: ParallelStep | ForEachStep, work: () => Promise<Json>): Promise<Json> {
  const { timeout_seconds: seconds } = step
  if (seconds === undefined) return work()
  const expire = async (): Promise<never> => {
    await running.ctx.sleep(`${Math.ceil(seconds * 1000)}ms`)
    throw new TimeoutError(`it took longer than ${seconds} s`)
  }
  return running.ctx.race([work, expire])
}

/** A branch reads the values saved before the step. After the step, the values saved by all branches can be read. */
async function runBranches({ ctx, runSteps }: Interpretation, step: ParallelStep, { placed, frame }: StartedStep): Promise<Json> {
  const branches = sequencesOf(placed)
    .filter(({ role }) => role === 'branch')
    .map(({ steps }) => ({ steps, own: openFrame(frame) }))
  const limit = step.limit === undefined ? {} : { limit: step.limit }
  const values = await ctx.map(branches, ({ steps, own }) => runSteps(steps, own), limit)
  for (const { own } of branches) for (const name of own.written) save(frame, name, own.saved[name] ?? null)
  return values
}

async function runRounds(
  { ctx, runSteps }: Interpretation,
  step: ForEachStep,
  { placed, frame, scope, track }: StartedStep,
): Promise<Json> {
  const items = unwrap(renderItems(step, scope))
  track.rendered = shorten(items)
  const counted = { total: items.length, ended: 0 }
  track.rounds = counted
  const steps = sequencesOf(placed).find(({ role }) => role === 'round')?.steps ?? []
  const name = step.as ?? 'item'
  return ctx.map(
    items,
    async (item, index) => {
      const value = await runSteps(steps, openFrame(frame, { [name]: item, index }, index))
      counted.ended++
      return value
    },
    { limit: step.limit ?? 1 },
  )
}

async function wait({ ctx }: Interpretation, step: WaitStep, { scope, track }: StartedStep): Promise<Json> {
  const awaited = unwrap(renderWait(step, scope))
  switch (awaited.type) {
    case 'time':
      track.rendered = { until: new Date(awaited.untilMs).toISOString() }
      await ctx.sleepUntil(new Date(awaited.untilMs))
      return null
    case 'signal': {
      const { name, timeoutMs } = awaited
      track.rendered = { signal: name, ...(timeoutMs === null ? {} : { until: new Date(scope.nowMs + timeoutMs).toISOString() }) }
      return ctx.waitFor(name, undefined, timeoutMs === null ? {} : { timeout: `${timeoutMs}ms` })
    }
  }
}

async function askPerson(step: HumanStep, { scope, track }: StartedStep): Promise<Json> {
  track.rendered = shorten(unwrap(renderHuman(step, scope)))
  throw new PipelineRefusal('NotServedError', 'this server does not support steps with human yet: they can be saved but not run')
}
