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
import { evaluate, type Surroundings } from '../expression/evaluate-expression.ts'
import { ExpressionError, limitError, typeError } from '../expression/expression-error.ts'
import { createMeter, LIMITS } from '../expression/meter.ts'
import { readDuration, readTime } from '../expression/time-values.ts'
import { isTrue, kindOf, nameKinds } from '../expression/values.ts'
import { parseCondition } from '../template/parse-template.ts'
import { RenderError, renderValue } from '../template/render-value.ts'
import type { Scope } from '../template/scope.ts'
import type { Rendered } from './pipeline-problem.ts'

/** What a step waits for. Times in ms since 1970. */
export type Awaited =
  | { readonly type: 'time'; readonly untilMs: number }
  | { readonly type: 'signal'; readonly name: string; readonly timeoutMs: number | null }

/** More rounds than this belong into several runs. */
const ROUNDS_MAX = 10_000

/** Whether a step runs. A missing value counts as false here; a name that does not exist is a problem all the same. */
export function evaluateCondition(step: PipelineStep, scope: Scope): Rendered<boolean> {
  const condition = step.if ?? true
  if (typeof condition === 'boolean') return { ok: true, value: condition }
  return attempt(step.id, 'if', scope, (around) => {
    const { expression } = parseCondition(condition)
    try {
      return isTrue(evaluate(expression, around.root, around))
    } catch (error) {
      if (error instanceof ExpressionError && error.fault === 'missing') return false
      throw error
    }
  })
}

/** The arguments of a tool, or the params of another pipeline. */
export function renderArguments(step: ToolStep | CallStep, scope: Scope): Rendered<JsonObject> {
  return attempt(step.id, 'with', scope, (around) => renderValue(step.with ?? {}, around) as JsonObject)
}

/** What a person is asked. */
export function renderHuman(step: HumanStep, scope: Scope): Rendered<JsonObject> {
  return attempt(step.id, 'human', scope, (around) => renderValue(step.human as JsonObject, around) as JsonObject)
}

/** The elements that a for_each goes through; none if they are missing and may be. */
export function renderItems(step: ForEachStep, scope: Scope): Rendered<Json[]> {
  return attempt(step.id, 'for_each', scope, (around) => {
    const items = renderValue(step.for_each, around) ?? []
    if (!Array.isArray(items)) throw typeError(`a list was expected, not ${nameKinds([kindOf(items)])}`)
    if (items.length > ROUNDS_MAX) throw limitError(`there are ${items.length} elements; one step takes at most ${ROUNDS_MAX}`)
    return items
  })
}

export function renderWait({ id, wait }: WaitStep, scope: Scope): Rendered<Awaited> {
  return attempt(id, 'wait', scope, (around): Awaited => {
    const read = (text: string, path: string) => renderValue(text, around, path)
    if (typeof wait === 'string') return { type: 'time', untilMs: readMoment(read(wait, ''), scope.nowMs, 'either') }
    if ('for' in wait) return { type: 'time', untilMs: readMoment(read(wait.for, '.for'), scope.nowMs, 'for') }
    if ('until' in wait) return { type: 'time', untilMs: readMoment(read(wait.until, '.until'), scope.nowMs, 'until') }
    const timeout = wait.timeout === undefined ? undefined : read(wait.timeout, '.timeout')
    const timeoutMs = timeout === undefined ? null : readMoment(timeout, 0, 'for')
    return { type: 'signal', name: readName(read(wait.signal, '.signal')), timeoutMs }
  })
}

/** What the pipeline gives: its `output`, or all that its steps saved. */
export function renderOutput({ output }: PipelineDefinition, scope: Scope): Rendered<Json> {
  if (output === undefined) return { ok: true, value: scope.root.steps ?? {} }
  return attempt(null, 'output', scope, (around) => renderValue(output, around) ?? null)
}

/** What the engine keeps and senders can write. */
function readName(value: Json | undefined): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what it is about.
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

/** Problems of the text become an answer; whatever else is thrown is a bug of ours. */
function attempt<T>(step: string | null, place: string, scope: Scope, render: (around: Surroundings) => T): Rendered<T> {
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
