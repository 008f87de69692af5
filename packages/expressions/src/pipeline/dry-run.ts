import type { Json, JsonObject, PipelineDefinition, StepKind } from '@orrery/contract'
import { evaluate, type Surroundings } from '../expression/evaluate-expression.ts'
import { ExpressionError } from '../expression/expression-error.ts'
import { createMeter, LIMITS, type Meter } from '../expression/meter.ts'
import { isTrue, type Value } from '../expression/values.ts'
import { type Hole, parseCondition } from '../template/parse-template.ts'
import { fillHole, RenderError, renderValue } from '../template/render-value.ts'
import { createScope, type ScopeParts } from '../template/scope.ts'
import type { PipelineProblem } from './pipeline-problem.ts'
import { kindOfStep, listSteps, type PlacedStep, placeAll, placesOf, type Sequence, sequencesOf } from './step-places.ts'

export interface DryRunInput {
  readonly params: JsonObject
  readonly nowMs: number
  /** IANA name. */
  readonly timezone: string
  /** What steps would give, by `save_as`, where that is known or supposed. */
  readonly steps?: JsonObject
  readonly names?: ScopeParts['names']
}

/** What a step would do. `⟨…⟩` stands for what is known only when the pipeline runs. */
export interface DryStep {
  readonly id: string
  readonly kind: StepKind
  readonly path: string
  /** `unknown`: its condition needs what is not known yet. */
  readonly runs: 'yes' | 'no' | 'unknown'
  /** Arguments, elements, what is waited for or asked, by the kind of the step; null where it has none. */
  readonly rendered: Json
  readonly inside: readonly DrySequence[]
}

export interface DrySequence {
  readonly role: Sequence['role']
  /** Of a round: which element it is for; null for all of them, when they are not known. */
  readonly round: number | null
  readonly steps: readonly DryStep[]
}

export interface DryRun {
  readonly steps: readonly DryStep[]
  readonly output: Json
  readonly problems: readonly PipelineProblem[]
}

/** Of a for_each only these rounds are shown. */
const ROUNDS_SHOWN = 5
/** What all of it may cost, and how long the answer gets. A step is about so many characters long beside its path and its values. */
const FUEL_MAX = 20 * LIMITS.fuel
const ROOM_MAX = 4 * LIMITS.outputLength
const STEP_LENGTH = 200

interface Walk {
  readonly input: DryRunInput
  readonly problems: PipelineProblem[]
  readonly left: Meter
  /** Names under `steps` that some step saves and nobody has supposed a value for. */
  readonly unknownSteps: ReadonlySet<string>
}

/** The names that a round or an error adds, and which of them are not known. */
interface Local {
  readonly names: Readonly<Record<string, Json>>
  readonly unknown: ReadonlySet<string>
}

/**
 * Shows a pipeline with its expressions filled in, without doing anything: what depends on steps that have not run stands there as `⟨…⟩`,
 * unless `steps` supposes their values.
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

/** Rounds in rounds are many, and each may repeat what is large. */
function isSpent({ step, path }: PlacedStep, { left, problems }: Walk): boolean {
  if (left.room === Number.NEGATIVE_INFINITY) return true
  left.room -= STEP_LENGTH + path.length
  if (left.fuel >= 0 && left.room >= 0) return false
  left.room = Number.NEGATIVE_INFINITY
  problems.push({ severity: 'warning', step: step.id, path, message: 'It is too much to show: what comes from here on is not shown' })
  return true
}

/** Does something within the limits of one rendering, and takes what that cost from those of the whole. */
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
  const place = placesOf(placed).find(({ role }) => role !== 'condition')
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
      const around = surroundings(local, walk, meter)
      return isTrue(evaluate(expression, around.root, around)) ? 'yes' : 'no'
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

function surroundings({ names, unknown }: Local, { input, unknownSteps }: Walk, meter: Meter): Surroundings {
  const { params, steps = {}, nowMs, timezone } = input
  const own = { ...steps }
  const { root } = createScope({ params, steps: own, nowMs, timezone, names })
  const pending = new Map<Json, ReadonlySet<string>>([
    [root, unknown],
    [own, unknownSteps],
  ])
  return { root, timezone, meter, pending }
}

/** A value as far as it is known. */
interface Shown {
  readonly value: Json
  readonly isKnown: boolean
}

const NOTHING: Shown = { value: null, isKnown: true }

function render(value: Json, at: Pick<PipelineProblem, 'step' | 'path'>, local: Local, walk: Walk): Shown {
  let isKnown = true
  const fillOrShow = (hole: Hole, around: Surroundings): Value => {
    try {
      return fillHole(hole, around)
    } catch (error) {
      if (!(error instanceof ExpressionError) || error.fault !== 'pending') throw error
      isKnown = false
      return `⟨${hole.source}⟩`
    }
  }
  try {
    const rendered = pay(walk, (meter) => renderValue(value, surroundings(local, walk, meter), '', fillOrShow))
    return { value: rendered ?? null, isKnown }
  } catch (error) {
    if (!(error instanceof RenderError)) throw error
    walk.problems.push({ severity: 'error', step: at.step, path: at.path + error.path, message: error.message })
    return { value: null, isKnown: false }
  }
}
