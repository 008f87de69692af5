import type { Json } from '@orrery/contract'
import { createMeter, createScope, ExpressionError, evaluate, type Hole, isTrue, parseCondition } from '@orrery/expressions'
import { boundedCache } from '@orrery/kernel'

/** The names that an expression of a trigger can read, besides the time. */
export type TriggerNames = { readonly event: Json } | { readonly result: Json }

export type Evaluation = { readonly ok: true; readonly value: boolean } | { readonly ok: false; readonly message: string }

/** Parsed expressions: the same few are evaluated for each event. */
const parsed = boundedCache<Hole>({ entriesMax: 1000 })

/** Whether an expression is true for an event or for the result of a tool. A missing value counts as false. */
export function evaluateTriggerExpression(
  text: string,
  names: TriggerNames,
  at: { readonly nowMs: number; readonly timezone: string },
): Evaluation {
  try {
    const { root, timezone } = createScope({ params: {}, steps: {}, nowMs: at.nowMs, timezone: at.timezone, names: { ...names } })
    return { ok: true, value: isTrue(evaluate(parse(text).expression, root, { root, timezone, meter: createMeter() })) }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return error.fault === 'missing' ? { ok: true, value: false } : { ok: false, message: error.message }
  }
}

function parse(text: string): Hole {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const hole = parseCondition(text)
  parsed.set(text, hole)
  return hole
}
