import type { Json, JsonObject, PipelineDefinition, StepKind } from '@orrery/contract'
import { type EvaluationContext, evaluate } from '../expression/evaluate-expression.ts'
import { ExpressionError } from '../expression/expression-error.ts'
import { createMeter, LIMITS, type Meter } from '../expression/meter.ts'
import { isTrue, type Value } from '../expression/values.ts'
import { type Hole, parseCondition } from '../template/parse-template.ts'
import { fillHole, RenderError, renderValue } from '../template/render-value.ts'
import { createScope, type ScopeParts } from '../template/scope.ts'
import type { PipelineProblem } from './pipeline-problem.ts'
import { kindOfStep, listSteps, type PlacedStep, placeAll, type Sequence, sequencesOf, templateValuesOf } from './pipeline-steps.ts'

export interface DryRunInput {
  readonly params: JsonObject
  readonly nowMs: number
  /** IANA name. */
  readonly timezone: string
  /** Results of steps, by `save_as`, that are known or assumed. */
  readonly steps?: JsonObject
  readonly names?: ScopeParts['names']
}

/** What a step would do. `⟨…⟩` replaces a value that is known only when the pipeline runs. */
export interface DryStep {
  readonly id: string
  readonly kind: StepKind
  readonly path: string
  /** `unknown`: the condition depends on a value that is not known yet. */
  readonly runs: 'yes' | 'no' | 'unknown'
  /** Depending on the kind of the step: its arguments, elements, wait or questions. Null if it has none of them. */
  readonly rendered: Json
  readonly inside: readonly DrySequence[]
}

export interface DrySequence {
  readonly role: Sequence['role']
  /** The index of the element for a round. Null for other sequences, and for a round when the elements are not known. */
  readonly round: number | null
  readonly steps: readonly DryStep[]
}

export interface DryRun {
  readonly steps: readonly DryStep[]
  readonly output: Json
  readonly problems: readonly PipelineProblem[]
}

/** How many rounds of a for_each are shown. */
const ROUNDS_SHOWN = 5
/** Limits of a whole dry run: its work, and the length of its answer. A step adds about STEP_LENGTH characters to its path and values. */
const FUEL_MAX = 20 * LIMITS.fuel
const ROOM_MAX = 4 * LIMITS.outputLength
const STEP_LENGTH = 200

interface Walk {
  readonly input: DryRunInput
  readonly problems: PipelineProblem[]
  readonly left: Meter
  /** Names under `steps` that a step saves and the input does not supply. */
  readonly unknownSteps: ReadonlySet<string>
}

/** The names that a round or an error handler adds, and those among them whose values are not known. */
interface Local {
  readonly names: Readonly<Record<string, Json>>
  readonly unknown: ReadonlySet<string>
}

/**
 * Shows a pipeline with its expressions filled in, without running it. A value that depends on a step that has not run is shown as `⟨…⟩`,
 * unless `steps` supplies it.
 */
export function dryRun(pipeline: PipelineDefinition, input: DryRunInput): DryRun {
  const supposed = input.steps ?? {}
  const saved = listSteps(pipeline).flatMap(({ step }) => step.save_as ?? [])
  const unknownSteps = new Set(saved.filter((name) => !Object.hasOwn(supposed, name)))
  const walk: Walk = { input, problems: [], left: { fuel: FUEL_MAX, room: ROOM_MAX }, unknownSteps }
  const isKnown = input.names !== undefined
  const local: Local = { names: input.names ?? { event: null, run: null }, unknown: new Set(isKnown ? [] : ['event', 'run']) }
  const steps = showSequence(placeAll(pipeline.pipeline, 'pipeline'), local, walk)
  const output = pipeline.output === undefined ? null : render(pipeline.output, { step: null, path: 'output' }, local, walk).value
  return { steps, output, problems: walk.problems }
}

function showSequence(steps: readonly PlacedStep[], local: Local, walk: Walk): readonly DryStep[] {
  const shown: DryStep[] = []
  for (const placed of steps) {
    if (isSpent(placed, walk)) break
    shown.push(showStep(placed, local, walk))
  }
  return shown
}

/** Nested rounds multiply, and each may repeat a large value: true once the limits of the whole dry run are used up. */
function isSpent({ step, path }: PlacedStep, { left, problems }: Walk): boolean {
  if (left.room === Number.NEGATIVE_INFINITY) return true
  left.room -= STEP_LENGTH + path.length
  if (left.fuel >= 0 && left.room >= 0) return false
  left.room = Number.NEGATIVE_INFINITY
  problems.push({ severity: 'warning', step: step.id, path, message: 'The dry run is too long: this step and all after it are not shown' })
  return true
}

/** Works within the limits of one rendering, and subtracts the cost from the limits of the whole dry run. */
function pay<T>({ left }: Walk, work: (meter: Meter) => T): T {
  const meter = createMeter()
  try {
    return work(meter)
  } finally {
    left.fuel -= LIMITS.fuel - meter.fuel
    left.room -= LIMITS.outputLength - meter.room
  }
}

function showStep(placed: PlacedStep, local: Local, walk: Walk): DryStep {
  const { step, path } = placed
  const runs = showCondition(placed, local, walk)
  const base = { id: step.id, kind: kindOfStep(step), path, runs }
  if (runs === 'no') return { ...base, rendered: null, inside: [] }
  const place = templateValuesOf(placed).find(({ role }) => role !== 'condition')
  const rendered = place === undefined ? NOTHING : render(place.value, { step: step.id, path: place.path }, local, walk)
  const inside = sequencesOf(placed).flatMap((sequence) => showInside(placed, sequence, rendered, local, walk))
  return { ...base, rendered: rendered.value, inside }
}

function showCondition({ step, path }: PlacedStep, local: Local, walk: Walk): DryStep['runs'] {
  const condition = step.if ?? true
  if (typeof condition === 'boolean') return condition ? 'yes' : 'no'
  try {
    const { expression } = parseCondition(condition)
    return pay(walk, (meter) => {
      const context = contextOf(local, walk, meter)
      return isTrue(evaluate(expression, context.root, context)) ? 'yes' : 'no'
    })
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    if (error.fault === 'pending') return 'unknown'
    if (error.fault === 'missing') return 'no'
    walk.problems.push({ severity: 'error', step: step.id, path: `${path}.if`, message: error.message })
    return 'unknown'
  }
}

function showInside({ step }: PlacedStep, { role, steps }: Sequence, rendered: Shown, local: Local, walk: Walk): readonly DrySequence[] {
  if (role === 'branch') return [{ role, round: null, steps: showSequence(steps, local, walk) }]
  if (role === 'handler') return [{ role, round: null, steps: showSequence(steps, add(local, {}, ['error']), walk) }]
  const name = 'as' in step ? (step.as ?? 'item') : 'item'
  if (!rendered.isKnown || !Array.isArray(rendered.value))
    return [{ role, round: null, steps: showSequence(steps, add(local, {}, [name, 'index']), walk) }]
  return rendered.value.slice(0, ROUNDS_SHOWN).map((item, index) => {
    return { role, round: index, steps: showSequence(steps, add(local, { [name]: item, index }, []), walk) }
  })
}

function add({ names, unknown }: Local, known: Readonly<Record<string, Json>>, others: readonly string[]): Local {
  const still = [...unknown].filter((name) => !Object.hasOwn(known, name))
  return {
    names: { ...names, ...known, ...Object.fromEntries(others.map((name) => [name, null])) },
    unknown: new Set([...still, ...others]),
  }
}

function contextOf({ names, unknown }: Local, { input, unknownSteps }: Walk, meter: Meter): EvaluationContext {
  const { params, steps = {}, nowMs, timezone } = input
  const own = { ...steps }
  const { root } = createScope({ params, steps: own, nowMs, timezone, names })
  const pending = new Map<Json, ReadonlySet<string>>([
    [root, unknown],
    [own, unknownSteps],
  ])
  return { root, timezone, meter, pending }
}

/** A rendered value, and whether all of it is known. */
interface Shown {
  readonly value: Json
  readonly isKnown: boolean
}

const NOTHING: Shown = { value: null, isKnown: true }

function render(value: Json, at: Pick<PipelineProblem, 'step' | 'path'>, local: Local, walk: Walk): Shown {
  let isKnown = true
  const fillOrShow = (hole: Hole, context: EvaluationContext): Value => {
    try {
      return fillHole(hole, context)
    } catch (error) {
      if (!(error instanceof ExpressionError) || error.fault !== 'pending') throw error
      isKnown = false
      return `⟨${hole.source}⟩`
    }
  }
  try {
    const rendered = pay(walk, (meter) => renderValue(value, contextOf(local, walk, meter), '', fillOrShow))
    return { value: rendered ?? null, isKnown }
  } catch (error) {
    if (!(error instanceof RenderError)) throw error
    walk.problems.push({ severity: 'error', step: at.step, path: at.path + error.path, message: error.message })
    return { value: null, isKnown: false }
  }
}
