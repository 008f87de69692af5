import type { Json } from '@orrery/contract'
import { CancelledError } from '@orrery/engine/workflow'
import { evaluateCondition } from '../language/render-step.ts'
import { createScope } from '../language/scope.ts'
import { type PlacedStep, sequencesOf } from '../language/step-places.ts'
import { type Frame, type Interpretation, openFrame, save } from './frame.ts'
import { performStep } from './perform-step.ts'
import { type PipelineFailure, toErrorName, toPipelineFailure, unwrap } from './pipeline-failure.ts'
import { end, fail, type StepTrack, shorten } from './pipeline-progress.ts'

/** One after another. Gives what the last one gave. Throws PipelineFailure, and CancelledError as it comes. */
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
    // `now` is the run's clock as the step begins, so that it is the same at every replay.
    const parts = { params: running.params, steps: frame.saved, nowMs: now(), timezone: running.input.timezone, names: frame.names }
    const scope = createScope(parts)
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
  if (handling === 'fail') throw failure
  running.ctx.log.warn(failure.message, failure.details)
  if (handling === 'continue') return null
  const handler = sequencesOf(placed).find(({ role }) => role === 'handler')
  const value = await running.runSteps(handler?.steps ?? [], openFrame(frame, { error: toErrorName(failure) }))
  if (handling.after === 'fail') throw failure
  save(frame, name, value)
  track.output = shorten(value)
  return value
}
