import type {
  CallStep,
  ForEachStep,
  HumanStep,
  Json,
  JsonObject,
  PipelineDefinition,
  PipelineStep,
  ToolStep,
  WaitStep,
} from '@orrery/contract'
import { type EvaluationContext, evaluate } from '../expression/evaluate-expression.ts'
import { ExpressionError, limitError, typeError } from '../expression/expression-error.ts'
import { createMeter, LIMITS } from '../expression/meter.ts'
import { readDuration, readTime } from '../expression/time-values.ts'
import { isTrue, kindOf, nameKinds } from '../expression/values.ts'
import { parseCondition } from '../template/parse-template.ts'
import { RenderError, renderValue } from '../template/render-value.ts'
import type { StepScope } from '../template/scope.ts'
import type { Rendered } from './pipeline-problem.ts'

/** What a step waits for. Times in ms since 1970. */
export type Awaited =
  | { readonly type: 'time'; readonly untilMs: number }
  | { readonly type: 'signal'; readonly name: string; readonly timeoutMs: number | null }

/** A step with more rounds than this should be split into several runs. */
const ROUNDS_MAX = 10_000

/** Whether a step runs. A missing value counts as false here, but a name that does not exist is still a problem. */
export function evaluateCondition(step: PipelineStep, scope: StepScope): Rendered<boolean> {
  const condition = step.if ?? true
  if (typeof condition === 'boolean') return { ok: true, value: condition }
  return attempt(step.id, 'if', scope, (context) => {
    const { expression } = parseCondition(condition)
    try {
      return isTrue(evaluate(expression, context.root, context))
    } catch (error) {
      if (error instanceof ExpressionError && error.fault === 'missing') return false
      throw error
    }
  })
}

/** The arguments of a tool, or the params of another pipeline. */
export function renderArguments(step: ToolStep | CallStep, scope: StepScope): Rendered<JsonObject> {
  return attempt(step.id, 'with', scope, (context) => renderValue(step.with ?? {}, context) as JsonObject)
}

/** The title, form and other texts that a person sees. */
export function renderHuman(step: HumanStep, scope: StepScope): Rendered<JsonObject> {
  return attempt(step.id, 'human', scope, (context) => renderValue(step.human as JsonObject, context) as JsonObject)
}

/** The elements of a for_each; an empty list if the template allows them to be missing. Null is no list. */
export function renderItems(step: ForEachStep, scope: StepScope): Rendered<Json[]> {
  return attempt(step.id, 'for_each', scope, (context) => {
    const items = renderValue(step.for_each, context)
    if (items === undefined) return []
    if (!Array.isArray(items)) throw typeError(`a list was expected, not ${nameKinds([kindOf(items)])}`)
    if (items.length > ROUNDS_MAX) throw limitError(`there are ${items.length} elements; one step takes at most ${ROUNDS_MAX}`)
    return items
  })
}

export function renderWait({ id, wait }: WaitStep, scope: StepScope): Rendered<Awaited> {
  return attempt(id, 'wait', scope, (context): Awaited => {
    const read = (text: string, path: string) => renderValue(text, context, path)
    if (typeof wait === 'string') return { type: 'time', untilMs: readMoment(read(wait, ''), scope.nowMs, 'either') }
    if ('for' in wait) return { type: 'time', untilMs: readMoment(read(wait.for, '.for'), scope.nowMs, 'for') }
    if ('until' in wait) return { type: 'time', untilMs: readMoment(read(wait.until, '.until'), scope.nowMs, 'until') }
    const timeout = wait.timeout === undefined ? undefined : read(wait.timeout, '.timeout')
    const timeoutMs = timeout === undefined ? null : readMoment(timeout, 0, 'for')
    return { type: 'signal', name: readName(read(wait.signal, '.signal')), timeoutMs }
  })
}

/** The result of the pipeline: its `output`, or everything that its steps saved. */
export function renderOutput({ output }: PipelineDefinition, scope: StepScope): Rendered<Json> {
  if (output === undefined) return { ok: true, value: scope.root.steps ?? {} }
  return attempt(null, 'output', scope, (context) => renderValue(output, context) ?? null)
}

/** The name of a signal: a text that the engine can store and a sender can write. */
function readName(value: Json | undefined): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern excludes NUL.
  if (typeof value === 'string' && /^[^\u0000]{1,128}$/.test(value) && value.isWellFormed()) return value
  throw typeError(`a name of 1 to 128 characters was expected, not ${JSON.stringify(value ?? null).slice(0, 60)}`)
}

function readMoment(value: Json | undefined, nowMs: number, meaning: 'for' | 'until' | 'either'): number {
  if (typeof value === 'string') {
    const duration = meaning === 'until' ? null : readDuration(value)
    if (duration !== null) return nowMs + duration
    const time = meaning === 'for' ? null : readTime(value)
    if (time !== null) return time
  }
  const wanted = { for: 'a duration such as 2h', until: 'a time such as 2026-11-05T09:30:00Z', either: 'a duration (2h) or a time' }
  throw typeError(`${wanted[meaning]} was expected, not ${JSON.stringify(value ?? null).slice(0, 60)}`)
}

/** Errors in the user's text become a problem; any other error is a bug in this package. */
function attempt<T>(step: string | null, place: string, scope: StepScope, render: (context: EvaluationContext) => T): Rendered<T> {
  const meter = createMeter()
  try {
    return { ok: true, value: render({ root: scope.root, timezone: scope.timezone, meter }) }
  } catch (error) {
    const path = error instanceof RenderError ? place + error.path : place
    const { cause } = error instanceof RenderError ? error : { cause: error }
    if (!(cause instanceof ExpressionError)) throw error
    return { ok: false, problem: { severity: 'error', step, path, message: cause.message } }
  } finally {
    if (scope.spent !== undefined) scope.spent.fuel += LIMITS.fuel - meter.fuel
  }
}
