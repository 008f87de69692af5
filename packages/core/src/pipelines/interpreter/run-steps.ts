import type { Json } from '@orrery/contract'
import { CancelledError } from '@orrery/engine/workflow'
import { createScope, evaluateCondition, type PlacedStep, sequencesOf } from '@orrery/expressions'
import { type Frame, type Interpretation, openFrame, save } from './frame.ts'
import { performStep } from './perform-step.ts'
import { PipelineFailure, toErrorName, toPipelineFailure, unwrap } from './pipeline-failure.ts'
import { end, fail, type StepTrack, shorten } from './pipeline-progress.ts'
import { TOO_MANY_STEPS } from './turn-budget.ts'

/** Runs steps in sequence. Returns the value of the last one. Throws PipelineFailure, and CancelledError unchanged. */
export async function runSteps(running: Interpretation, steps: readonly PlacedStep[], frame: Frame): Promise<Json> {
  let last: Json = null
  for (const placed of steps) last = await runStep(running, placed, frame)
  return last
}

async function runStep(running: Interpretation, placed: PlacedStep, frame: Frame): Promise<Json> {
  const { step } = placed
  const now = () => running.ctx.now().getTime()
  const track = running.progress.track(placed, frame.rounds, now())
  try {
    const pause = running.budget.beginStep()
    if (pause !== null) await pause
    // `now` is the run's clock at the start of the step, so it is the same in every replay.
    const { params, input, budget } = running
    const { timezone } = input
    const scope = createScope({ params, steps: frame.saved, nowMs: now(), timezone, names: frame.names, spent: budget.spent })
    if (!unwrap(evaluateCondition(step, scope))) {
      end(track, 'skipped', now())
      return null
    }
    const value = await performStep(running, { placed, frame, scope, track })
    save(frame, step.save_as, value)
    track.output = shorten(value)
    end(track, 'succeeded', now())
    return value
  } catch (error) {
    if (error instanceof CancelledError) end(track, 'cancelled', now())
    const failure = toPipelineFailure(error, placed, frame.rounds)
    fail(track, failure, now())
    return recover(running, placed, frame, failure, track)
  }
}

async function recover(
  running: Interpretation,
  placed: PlacedStep,
  frame: Frame,
  failure: PipelineFailure,
  track: StepTrack,
): Promise<Json> {
  const { on_error: handling = 'fail', save_as: name } = placed.step
  // `on_error` must not handle the limit of steps, or the run could continue forever.
  if (handling === 'fail' || failure.name === TOO_MANY_STEPS) throw failure
  running.ctx.log.warn(failure.message, failure.details)
  if (handling === 'continue') return null
  const handler = sequencesOf(placed).find(({ role }) => role === 'handler')
  const inner = openFrame(frame, { error: toErrorName(failure) })
  const handle = () => running.runSteps(handler?.steps ?? [], inner)
  if (handling.after === 'fail') {
    await cleanUp(running, handle)
    throw failure
  }
  const value = await handle()
  // The run continues after these steps, so what they saved can be read from here on.
  for (const own of inner.written) save(frame, own, inner.saved[own] ?? null)
  save(frame, name, value)
  track.output = shorten(value)
  return value
}

/**
 * Runs the steps of a cleanup. Their failure is logged and reported at the steps, but the run fails with the failure before the cleanup.
 */
async function cleanUp({ ctx }: Interpretation, handle: () => Promise<Json>): Promise<void> {
  try {
    await handle()
  } catch (error) {
    if (!(error instanceof PipelineFailure)) throw error
    ctx.log.warn(error.message, error.details)
  }
}
