/** Reading, checking and showing pipelines costs what their authors want, so large ones are computed in another process. */
import type { PipelineDefinition } from '@orrery/contract'
import {
  type CallSchemas,
  checkPipeline,
  type DryRun,
  type DryRunInput,
  dryRun,
  type ParsedPipeline,
  type PipelineProblem,
  parsePipeline,
} from '@orrery/expressions'
import { type Computation, type Ctx, defineComputations } from '@orrery/kernel'

/** Processor time. A pipeline of the largest size takes half a second; a dry run at its limits takes a second and a half. */
const MS_MAX = 10_000
/** Reading or checking a pipeline that has fewer characters, with the schemas of what it calls, takes 10 ms at most. */
const SMALL_LETTERS = 20_000

interface CheckQuery {
  readonly definition: PipelineDefinition
  readonly tools: readonly (readonly [string, CallSchemas])[]
  readonly pipelines: readonly (readonly [string, CallSchemas])[]
}

interface ShowQuery {
  readonly definition: PipelineDefinition
  readonly input: DryRunInput
}

/** @computed */
export const readText = (text: string): ParsedPipeline => parsePipeline(JSON.parse(text))

/** @param text of a CheckQuery. @computed */
export function checkText(text: string): readonly PipelineProblem[] {
  const { definition, tools, pipelines }: CheckQuery = JSON.parse(text)
  return checkPipeline(definition, new Map(tools), { pipelines: new Map(pipelines) })
}

/** @param text of a ShowQuery. @computed */
export function showText(text: string): DryRun {
  const { definition, input }: ShowQuery = JSON.parse(text)
  return dryRun(definition, input)
}

const computations = defineComputations(import.meta.url, { readText, checkText, showText }, MS_MAX)

/** What was computed, or why it could not be. */
export type ComputedPipeline<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly PipelineProblem[] }

type Context = Pick<Ctx, 'org' | 'kernel' | 'tx'>

/** `parsePipeline`. @throws rate_limited */
export async function readPipelineText(context: Context, raw: unknown): Promise<ParsedPipeline> {
  const text = JSON.stringify(raw)
  if (text.length <= SMALL_LETTERS) return parsePipeline(raw)
  const read = await compute(context, computations.readText, text)
  return read.ok ? read.value : read
}

/** `checkPipeline`. @throws rate_limited */
export async function computeCheck(context: Context, query: CheckQuery): Promise<readonly PipelineProblem[]> {
  const text = JSON.stringify(query)
  if (text.length <= SMALL_LETTERS) return checkText(text)
  const checked = await compute(context, computations.checkText, text)
  return checked.ok ? checked.value : checked.problems
}

/** `dryRun`: also a small pipeline may take long, because it computes with the values. @throws rate_limited */
export function computeDryRun(context: Context, query: ShowQuery): Promise<ComputedPipeline<DryRun>> {
  return compute(context, computations.showText, JSON.stringify(query))
}

async function compute<T>({ org, kernel, tx }: Context, computation: Computation<string, T>, text: string): Promise<ComputedPipeline<T>> {
  const found = await kernel.compute.run(org, computation, text, tx !== null)
  if (found.outcome === 'done') return { ok: true, value: found.value }
  const limit = found.outcome === 'timeout' ? `${found.limitMs / 1000} s of processor time` : `${found.limitMb} MB of memory`
  return { ok: false, problems: [{ severity: 'error', step: null, path: '', message: `The pipeline takes more than ${limit} to check` }] }
}
