import { describeIssue, type Json, type PipelineDefinition, type PipelineStep, pipelineDefinition, type WaitStep } from '@orrery/contract'
import { parseRetry } from '@orrery/engine/workflow'
import { ExpressionError } from '../expression/expression-error.ts'
import { createMeter, measure } from '../expression/meter.ts'
import { requireValidCalls } from '../expression/require-valid-calls.ts'
import { readDuration, readTime } from '../expression/time-values.ts'
import { isTemplate, parseCondition, parseTemplate } from '../template/parse-template.ts'
import { pathTo } from '../template/render-value.ts'
import { FIXED_NAMES } from '../template/scope.ts'
import { explainIssues } from './explain-issues.ts'
import type { PipelineProblem } from './pipeline-problem.ts'
import { listSteps, type PlacedStep, templateValuesOf } from './pipeline-steps.ts'
import { resolveRetry } from './resolve-retry.ts'

export type ParsedPipeline =
  | { readonly ok: true; readonly pipeline: PipelineDefinition }
  | { readonly ok: false; readonly problems: readonly PipelineProblem[] }

const STEPS_MAX = 500
const PROBLEMS_MAX = 50
const A_DURATION = 'a duration such as 2h'
const A_TIME = 'a time such as 2026-11-05T09:30:00Z'

/**
 * Reads a pipeline: `{params, params_schema, pipeline, output}`, or only the list of its steps. The result has the declared shape, unique
 * ids and expressions that parse; `checkPipeline` checks their meaning.
 */
export function parsePipeline(raw: unknown): ParsedPipeline {
  const fail = (problems: readonly PipelineProblem[]): ParsedPipeline => ({ ok: false, problems: problems.slice(0, PROBLEMS_MAX) })
  const whole = Array.isArray(raw) ? { pipeline: raw } : raw
  try {
    measure(createMeter(), whole as Json)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return fail([{ severity: 'error', step: null, path: '', message: `The pipeline is too large: ${error.message}` }])
  }
  const parsed = pipelineDefinition.safeParse(whole, { error: describeIssue })
  if (!parsed.success) return fail(explainIssues(parsed.error.issues, whole))
  const problems = [...checkSteps(listSteps(parsed.data)), ...checkTemplateSyntax(parsed.data.output ?? null, 'output', null)]
  return problems.length > 0 ? fail(problems) : { ok: true, pipeline: parsed.data }
}

function checkSteps(steps: readonly PlacedStep[]): PipelineProblem[] {
  const problems: PipelineProblem[] = []
  const ids = new Map<string, string>()
  for (const placed of steps) {
    const { step, path } = placed
    const add = (at: string, message: string) => problems.push({ severity: 'error', step: step.id, path: `${path}.${at}`, message })
    const first = ids.get(step.id)
    if (first !== undefined) add('id', `The step at ${first} has the id ${step.id} already`)
    else ids.set(step.id, path)
    const noRetry = checkRetry(step)
    if (noRetry !== null) add('retry', noRetry)
    if ('as' in step && step.as !== undefined && isTaken(step.as)) add('as', `${step.as} has a meaning already; choose another name`)
    for (const { path: at, value, role } of templateValuesOf(placed)) {
      if (role === 'condition') problems.push(...checkConditionSyntax(value, at, step.id))
      else problems.push(...checkTemplateSyntax(value, at, step.id))
    }
    if ('for_each' in step && typeof step.for_each === 'string' && !isTemplate(step.for_each)) {
      add('for_each', 'Expected a list, or a ${…} that returns one')
    }
    if ('wait' in step) for (const [at, message] of checkWait(step.wait)) add(`wait${at}`, message)
  }
  if (steps.length > STEPS_MAX) {
    const message = `There are ${steps.length} steps, including nested ones; a pipeline may have at most ${STEPS_MAX}`
    problems.push({ severity: 'error', step: null, path: 'pipeline', message })
  }
  return problems
}

/** Checks durations and times that are written as literals. */
function checkWait(wait: WaitStep['wait']): readonly (readonly [path: string, message: string])[] {
  const isDuration = (text: string | undefined) => text === undefined || isTemplate(text) || readDuration(text) !== null
  const isTime = (text: string) => isTemplate(text) || readTime(text) !== null
  if (typeof wait === 'string') return isDuration(wait) || isTime(wait) ? [] : [['', `Expected ${A_DURATION} or ${A_TIME}`]]
  if ('for' in wait) return isDuration(wait.for) ? [] : [['.for', `Expected ${A_DURATION}`]]
  if ('until' in wait) return isTime(wait.until) ? [] : [['.until', `Expected ${A_TIME}`]]
  return isDuration(wait.timeout) ? [] : [['.timeout', `Expected ${A_DURATION}`]]
}

/** Checks the settings of a retry against each other; the schema has checked each on its own. */
function checkRetry(step: PipelineStep): string | null {
  if (!('uses' in step || 'pipeline' in step)) return null
  try {
    parseRetry(resolveRetry(step))
    return null
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return error.message
  }
}

/** Names that exist in every round, and keywords of the language. */
const TAKEN: readonly string[] = [...FIXED_NAMES, 'index', 'true', 'false', 'null']
const isTaken = (name: string): boolean => TAKEN.includes(name)

function checkConditionSyntax(value: Json, path: string, step: string): PipelineProblem[] {
  return typeof value === 'string' ? attempt(path, step, () => requireValidCalls(parseCondition(value).expression)) : []
}

/** Checks that every `${…}` in the texts of a value parses. */
function checkTemplateSyntax(value: Json, path: string, step: string | null): PipelineProblem[] {
  if (typeof value === 'string') {
    if (!isTemplate(value)) return []
    return attempt(path, step, () => {
      for (const part of parseTemplate(value)) if (typeof part === 'object') requireValidCalls(part.expression)
    })
  }
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) return value.flatMap((item, at) => checkTemplateSyntax(item, `${path}[${at}]`, step))
  return Object.entries(value).flatMap(([name, item]) => checkTemplateSyntax(item, path + pathTo(name), step))
}

function attempt(path: string, step: string | null, read: () => void): PipelineProblem[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    const place = error.at === null ? '' : ` (character ${error.at + 1})`
    return [{ severity: 'error', step, path, message: error.message + place }]
  }
}
