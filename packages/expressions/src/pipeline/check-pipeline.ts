import type { Json, PipelineDefinition, PipelineStep } from '@orrery/contract'
import { clip } from '../expression/expression-error.ts'
import { createSuggest, type Suggest } from '../expression/suggest.ts'
import { nameKinds } from '../expression/values.ts'
import { matchSchema } from '../shapes/match-schema.ts'
import { shapeOfSchema } from '../shapes/schema-shape.ts'
import { ANYTHING, formOf, itemsOf, kindsIn, listOf, objectOf, type Shape, shapeOfKinds, shapeOfValue, unite } from '../shapes/shape.ts'
import { holdsTemplate, isTemplate } from '../template/parse-template.ts'
import { checkCondition, checkText, checkTexts, type TextEnvironment } from './check-texts.ts'
import { createStepExplainer, type ExplainStep } from './create-step-explainer.ts'
import type { PipelineProblem } from './pipeline-problem.ts'
import { type PlacedStep, placeAll, sequencesOf, templateValuesOf } from './pipeline-steps.ts'

/** JSON Schemas (2020-12) of a tool or pipeline. If absent, anything is allowed. */
export interface CallSchemas {
  readonly inputSchema?: Json
  readonly outputSchema?: Json
}

export interface CheckOptions {
  /** Other pipelines by name; `inputSchema` is the schema of their `params`. If absent, names of pipelines are not checked. */
  readonly pipelines?: ReadonlyMap<string, CallSchemas>
  /** Further names at the top, with the JSON Schemas of their values. They replace `event` and `run`, which may be anything. */
  readonly names?: Readonly<Record<string, Json>>
}

/** What is known at one step, while the steps are checked in order. */
interface Known {
  /** The shapes saved so far, by name. */
  readonly saved: Map<string, Shape>
  /** Why a saved value may be missing, by its name. */
  readonly doubts: Map<string, string>
  readonly names: ReadonlyMap<string, Shape>
}

interface Walk {
  readonly tools: ReadonlyMap<string, CallSchemas>
  readonly options: CheckOptions
  readonly explainStep: ExplainStep
  readonly suggest: Suggest
  readonly problems: PipelineProblem[]
}

/** Per severity. */
const PROBLEMS_MAX = 50

/**
 * Checks the meaning of a pipeline that `parsePipeline` returned, and reports each problem with its step and path: tools and names that do
 * not exist, results that are read before their step ran, arguments that are missing or of the wrong type, judged by their literal values
 * or by the schemas of the tools.
 */
export function checkPipeline(
  pipeline: PipelineDefinition,
  tools: ReadonlyMap<string, CallSchemas>,
  options: CheckOptions = {},
): readonly PipelineProblem[] {
  const suggest = createSuggest()
  const walk: Walk = { tools, options, explainStep: createStepExplainer(pipeline, suggest), suggest, problems: [] }
  const names = new Map<string, Shape>([['params', shapeOfParams(pipeline)]])
  for (const name of ['now', 'date', 'today', 'timezone']) names.set(name, [formOf('string')])
  for (const [name, schema] of Object.entries(options.names ?? { event: true, run: true })) names.set(name, shapeOfSchema(schema))
  const known: Known = { saved: new Map(), doubts: new Map(), names }
  checkParams(pipeline, walk)
  checkSequence(placeAll(pipeline.pipeline, 'pipeline'), known, walk)
  if (pipeline.output !== undefined) checkTexts(pipeline.output, 'output', environmentOf(known, { step: null, path: 'output' }, walk))
  if (pipeline.pipeline.length === 0) {
    report(walk, { severity: 'warning', step: null, path: 'pipeline', message: 'There are no steps' })
  }
  return walk.problems
}

/** The shape that the schema describes. Without a schema, the params that have a value are known, and a start may add others. */
function shapeOfParams({ params, params_schema: schema }: PipelineDefinition): Shape {
  if (schema !== undefined) return shapeOfSchema(schema)
  const members = new Map(Object.keys(params ?? {}).map((name) => [name, () => ANYTHING]))
  return [{ kind: 'object', members, required: new Set(), others: () => ANYTHING }]
}

function checkParams({ params, params_schema: schema }: PipelineDefinition, walk: Walk): void {
  if (schema === undefined || params === undefined) return
  // A start must supply the required params that have no value here.
  for (const { path, message } of matchSchema(params, { ...schema, required: [] }, () => [formOf('string')], walk.suggest)) {
    report(walk, { severity: 'error', step: null, path: `params${path}`, message })
  }
}

/** Returns the shape of the last step's result, and adds what the steps save to `known`. */
function checkSequence(steps: readonly PlacedStep[], known: Known, walk: Walk): Shape {
  let last: Shape = shapeOfKinds(['null'])
  for (const placed of steps) last = checkStep(placed, known, walk)
  return last
}

function checkStep(placed: PlacedStep, known: Known, walk: Walk): Shape {
  const { step } = placed
  const environment = environmentOf(known, { step: step.id, path: placed.path }, walk)
  for (const { path, value, role } of templateValuesOf(placed)) {
    if (role === 'condition') checkCondition(value, path, environment)
    // Arguments are checked together with their schema.
    else if (role !== 'arguments') checkTexts(value, path, environment)
  }
  const handled = checkHandler(placed, known, walk)
  const own = checkKind(placed, known, environment, walk)
  const given = handled === null ? own : unite([own, handled.last])
  for (const [name, shape] of handled?.saved ?? []) saveIfHandled(name, shape, step, known)
  if (step.save_as !== undefined) save(step.save_as, given, step, known)
  return given
}

function save(name: string, shape: Shape, step: PipelineStep, { saved, doubts }: Known): void {
  const doubt = doubtOf(step)
  const before = saved.get(name)
  // The earlier step, which saves the name under the other condition, has reported the doubt already.
  saved.set(name, before === undefined || doubt === null ? shape : unite([before, shape]))
  if (doubt === null) doubts.delete(name)
  else if (before === undefined) doubts.set(name, doubt)
}

/** Why a step may save nothing; null if it always saves or the run fails. */
function doubtOf({ id, if: condition, on_error: onError }: PipelineStep): string | null {
  if (condition !== undefined && condition !== true) return `the step ${id} has an if`
  return onError === 'continue' ? `the step ${id} may fail without failing the run` : null
}

/** What the steps of an on_error saved, after which the run continues. */
function saveIfHandled(name: string, shape: Shape, { id }: PipelineStep, { saved, doubts }: Known): void {
  const before = saved.get(name)
  saved.set(name, before === undefined ? shape : unite([before, shape]))
  if (before === undefined) doubts.set(name, `the step ${id} saves it only when it fails`)
}

interface Handled {
  /** The result of the last step. */
  readonly last: Shape
  readonly saved: readonly (readonly [string, Shape])[]
}

/** Null: the run does not continue after an error. */
function checkHandler(placed: PlacedStep, known: Known, walk: Walk): Handled | null {
  const handler = sequencesOf(placed).find(({ role }) => role === 'handler')
  if (handler === undefined) return null
  const error = objectOf([
    ['step', [formOf('string')]],
    ['name', [formOf('string')]],
    ['message', [formOf('string')]],
    ['kind', [formOf('string')]],
    ['details', ANYTHING],
  ])
  const own = inner(known, [['error', error]])
  const last = checkSequence(handler.steps, own, walk)
  if (typeof placed.step.on_error === 'object' && placed.step.on_error.after === 'fail') return null
  return { last, saved: [...own.saved].filter(([name, shape]) => known.saved.get(name) !== shape) }
}

/** A copy for nested steps: what they save is not visible outside. */
function inner({ saved, doubts, names }: Known, more: readonly (readonly [string, Shape])[]): Known {
  return { saved: new Map(saved), doubts: new Map(doubts), names: new Map([...names, ...more]) }
}

function checkKind(placed: PlacedStep, known: Known, environment: TextEnvironment, walk: Walk): Shape {
  const { step, path } = placed
  if ('uses' in step) {
    const schemas = walk.tools.get(step.uses)
    if (schemas === undefined) {
      environment.report('error', `${path}.uses`, `there is no tool called ${step.uses}${walk.suggest(step.uses, walk.tools.keys())}`)
    }
    return checkArguments(step.with ?? {}, `${path}.with`, schemas, environment)
  }
  if ('pipeline' in step) {
    const { pipelines } = walk.options
    const schemas = pipelines?.get(step.pipeline)
    if (pipelines !== undefined && schemas === undefined) {
      const message = `there is no pipeline called ${step.pipeline}${walk.suggest(step.pipeline, pipelines.keys())}`
      environment.report('error', `${path}.pipeline`, message)
    }
    return checkArguments(step.with ?? {}, `${path}.with`, schemas, environment)
  }
  if ('parallel' in step) return checkParallel(placed, known, environment, walk)
  if ('for_each' in step) return checkRounds(placed, step.for_each, step.as ?? 'item', known, environment, walk)
  if ('wait' in step) return typeof step.wait === 'object' && 'signal' in step.wait ? ANYTHING : shapeOfKinds(['null'])
  return ANYTHING
}

function checkArguments(value: Json, path: string, schemas: CallSchemas | undefined, environment: TextEnvironment): Shape {
  checkTexts(value, path, environment)
  // Problems in the texts have been reported above; this pass needs only their shapes.
  const quiet: TextEnvironment = { ...environment, suggest: () => '', report: () => {} }
  const mismatches = matchSchema(value, schemas?.inputSchema ?? true, (text) => checkText(text, path, quiet), environment.suggest)
  for (const mismatch of mismatches) environment.report('error', path + mismatch.path, mismatch.message)
  return schemas?.outputSchema === undefined ? ANYTHING : shapeOfSchema(schemas.outputSchema)
}

/** A branch sees what was saved before the `parallel`; later steps see what all branches saved. */
function checkParallel(placed: PlacedStep, known: Known, environment: TextEnvironment, walk: Walk): Shape {
  const { step, path } = placed
  const doubt = doubtOf(step) ?? (typeof step.on_error === 'object' ? `the step ${step.id} may fail` : null)
  const branches = sequencesOf(placed).filter(({ role }) => role === 'branch')
  const results = branches.map(({ steps }) => {
    const own = inner(known, [])
    return { last: checkSequence(steps, own, walk), saved: [...own.saved].filter(([name, shape]) => known.saved.get(name) !== shape), own }
  })
  const names = new Set<string>()
  for (const { saved, own } of results) {
    for (const [name, shape] of saved) {
      if (names.has(name)) environment.report('error', `${path}.parallel`, `two branches save ${name}, and either branch may finish last`)
      names.add(name)
      known.saved.set(name, shape)
      const why = own.doubts.get(name) ?? doubt
      if (why === null) known.doubts.delete(name)
      else known.doubts.set(name, why)
    }
  }
  return listOf(() => unite(results.map(({ last }) => last)))
}

function checkRounds(
  placed: PlacedStep,
  items: string | Json[],
  name: string,
  known: Known,
  environment: TextEnvironment,
  walk: Walk,
): Shape {
  const path = `${placed.path}.for_each`
  const quiet: TextEnvironment = { ...environment, suggest: () => '', report: () => {} }
  const shape =
    typeof items !== 'string' ? shapeOfItems(items, path, quiet) : isTemplate(items) ? checkText(items, path, quiet) : shapeOfValue(items)
  if (shape.length > 0 && !shape.some(({ kind }) => kind === 'array')) {
    environment.report('error', path, `expected a list, not ${nameKinds(kindsIn(shape))}`)
  }
  const round = sequencesOf(placed).find(({ role }) => role === 'round')
  const own = inner(known, [
    [name, itemsOf(shape)],
    ['index', [{ kind: 'number', values: null, whole: true }]],
  ])
  const last = checkSequence(round?.steps ?? [], own, walk)
  return listOf(() => last)
}

function shapeOfItems(items: readonly Json[], path: string, quiet: TextEnvironment): Shape {
  const shapes = items.map((item) => {
    if (typeof item === 'string' && isTemplate(item)) return checkText(item, path, quiet)
    return holdsTemplate(item) ? ANYTHING : shapeOfValue(item)
  })
  return listOf(() => unite(shapes))
}

function environmentOf({ saved, doubts, names }: Known, at: { step: string | null; path: string }, walk: Walk): TextEnvironment {
  const steps = objectOf(saved)
  return {
    root: objectOf([...names, ['steps', steps]]),
    steps,
    doubts,
    explainStep: (name) => walk.explainStep(name, at.path),
    suggest: walk.suggest,
    report: (severity, path, message) => report(walk, { severity, step: at.step, path, message: clip(message) }),
  }
}

function report({ problems }: Walk, problem: PipelineProblem): void {
  const alike = problems.filter(({ severity }) => severity === problem.severity)
  if (alike.length < PROBLEMS_MAX) problems.push(problem)
}
