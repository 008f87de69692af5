import type { Json, PipelineDefinition, PipelineStep, StepKind } from '@orrery/contract'

/** A step and its path from the pipeline: `pipeline[2].parallel[0]`. */
export interface PlacedStep {
  readonly step: PipelineStep
  readonly path: string
}

/** A value of a step whose texts may contain `${…}`. */
export interface TemplateValue {
  readonly path: string
  readonly value: Json
  readonly role: 'condition' | 'arguments' | 'items' | 'wait' | 'human'
}

/** Steps that run one after another inside a step: a branch of a `parallel`, a round of a `for_each`, or an error handler. */
export interface Sequence {
  readonly role: 'branch' | 'round' | 'handler'
  readonly steps: readonly PlacedStep[]
}

/** The kind of a step, named after the member that defines it. */
export function kindOfStep(step: PipelineStep): StepKind {
  if ('uses' in step) return 'uses'
  if ('pipeline' in step) return 'pipeline'
  if ('parallel' in step) return 'parallel'
  if ('for_each' in step) return 'for_each'
  return 'wait' in step ? 'wait' : 'human'
}

export function placeAll(steps: readonly PipelineStep[], path: string): readonly PlacedStep[] {
  return steps.map((step, at) => ({ step, path: `${path}[${at}]` }))
}

/** The values of a step that may contain `${…}`, in the order of their evaluation. */
export function templateValuesOf({ step, path }: PlacedStep): readonly TemplateValue[] {
  const places: TemplateValue[] = []
  if (step.if !== undefined) places.push({ path: `${path}.if`, value: step.if, role: 'condition' })
  if ('with' in step && step.with !== undefined) places.push({ path: `${path}.with`, value: step.with, role: 'arguments' })
  if ('for_each' in step) places.push({ path: `${path}.for_each`, value: step.for_each, role: 'items' })
  if ('wait' in step) places.push({ path: `${path}.wait`, value: step.wait as Json, role: 'wait' })
  if ('human' in step) places.push({ path: `${path}.human`, value: step.human as Json, role: 'human' })
  return places
}

export function sequencesOf({ step, path }: PlacedStep): readonly Sequence[] {
  const sequences: Sequence[] = []
  if ('parallel' in step) {
    for (const [at, branch] of step.parallel.entries()) {
      const way = `${path}.parallel[${at}]`
      sequences.push({ role: 'branch', steps: Array.isArray(branch) ? placeAll(branch, way) : [{ step: branch, path: way }] })
    }
  }
  if ('for_each' in step) sequences.push({ role: 'round', steps: placeAll(step.do, `${path}.do`) })
  if (typeof step.on_error === 'object') sequences.push({ role: 'handler', steps: placeAll(step.on_error.steps, `${path}.on_error.steps`) })
  return sequences
}

/** Every step; nested steps follow the step that contains them. */
export function listSteps(pipeline: PipelineDefinition): readonly PlacedStep[] {
  const flatten = (placed: PlacedStep): PlacedStep[] => [placed, ...sequencesOf(placed).flatMap(({ steps }) => steps.flatMap(flatten))]
  return placeAll(pipeline.pipeline, 'pipeline').flatMap(flatten)
}

/** The tools that a pipeline may call, without duplicates. */
export function listTools(pipeline: PipelineDefinition): readonly string[] {
  return [...new Set(listSteps(pipeline).flatMap(({ step }) => ('uses' in step ? [step.uses] : [])))]
}

/** The other pipelines that it may call, without duplicates. */
export function listPipelines(pipeline: PipelineDefinition): readonly string[] {
  return [...new Set(listSteps(pipeline).flatMap(({ step }) => ('pipeline' in step ? [step.pipeline] : [])))]
}
