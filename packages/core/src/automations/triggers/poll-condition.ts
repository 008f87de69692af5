import { encodeId, type Json, type JsonObject } from '@orrery/contract'
import type { OrgId } from '@orrery/engine'
import { createMeter, createScope, RenderError, renderValue } from '@orrery/expressions'
import type { DueWork, Kernel } from '@orrery/kernel'
import { parseDurationMs } from '@orrery/recurrence'
import { callTool, ToolError } from '@orrery/tools'
import type { Condition } from '../automation-row.ts'
import { transactAsAutomations } from '../firing-context.ts'
import { decideCondition } from '../planning/decide-condition.ts'
import { type DueCondition, lockDueConditions, setNextPolls, writeCondition } from '../trigger-store.ts'
import { lockConditionIfUnchanged, modeOf, stateOf } from './condition-state.ts'
import { evaluateTriggerExpression } from './evaluate-trigger-expression.ts'
import { fireUnlessLoop } from './fire-unless-loop.ts'
import { recordTrouble } from './record-trouble.ts'

/** One poll of a condition, claimed by this process. */
export interface Poll {
  readonly org: OrgId
  readonly triggerId: string
  readonly automationId: string
  readonly definition: Condition & { readonly poll: NonNullable<Condition['poll']> }
  readonly scopes: readonly string[]
  readonly timezone: string
  readonly isTroubled: boolean
  readonly atMs: number
}

/**
 * Calls the tool of a condition, and fires if its output makes the condition fire. If the tool fails, or the condition has no value for its
 * output, the reason is recorded as the trigger's trouble, and nothing else changes.
 */
export async function pollCondition(kernel: Kernel, poll: Poll, signal: AbortSignal): Promise<void> {
  const outcome = await callAndEvaluate(kernel, poll, signal)
  if (signal.aborted) return
  if (!outcome.ok) return await recordTrouble(kernel.database, poll.org, poll.triggerId, outcome.message)
  if (poll.isTroubled) await recordTrouble(kernel.database, poll.org, poll.triggerId, null)
  await updateAndFire(kernel, poll, outcome)
}

export interface ClaimedPolls {
  /** Rows that were due, including those that are not polled now. */
  readonly count: number
  readonly polls: readonly Poll[]
  readonly latenessMs: readonly number[]
}

/** Claims due conditions of an organization by moving them to their next poll. If the process dies during a poll, that poll is skipped. */
export async function claimPolls({ database }: Kernel, { org, clock }: DueWork, limit: number): Promise<ClaimedPolls> {
  const nowMs = clock.now()
  return await database.transaction(org, 'read write', async (tx) => {
    const rows = await lockDueConditions(tx, org, new Date(nowMs), limit)
    const turns = rows.map((row) => ({ ...row, ...planTurn(row, nowMs) }))
    await setNextPolls(tx, org, turns)
    const polls = turns.flatMap(({ triggerId, automationId, scopes, timezone, isTroubled, polled }) =>
      polled === null ? [] : [{ org, triggerId, automationId, scopes, timezone, isTroubled, definition: polled, atMs: Math.floor(nowMs) }],
    )
    return { count: rows.length, polls, latenessMs: turns.flatMap((row) => (row.polled === null ? [] : [nowMs - row.wakes_at.getTime()])) }
  })
}

interface PollTurn {
  /** When to poll next; null: not until a change of the automation. */
  readonly next: Date | null
  /** Null: the condition is not polled now. */
  readonly polled: Poll['definition'] | null
}

function planTurn({ definition, wakes_at, isActive, snoozed_until }: DueCondition, nowMs: number): PollTurn {
  const { poll } = definition
  if (poll === undefined || !isActive) return { next: null, polled: null }
  if (snoozed_until !== null && snoozed_until.getTime() > nowMs) return { next: snoozed_until, polled: null }
  return { next: new Date(nextTurnMs(wakes_at.getTime(), parseDurationMs(poll.every), nowMs)), polled: { ...definition, poll } }
}

/** The next poll, in step with earlier ones, however many were missed. */
export function nextTurnMs(lastMs: number, everyMs: number, nowMs: number): number {
  return lastMs + (Math.floor(Math.max(0, nowMs - lastMs) / everyMs) + 1) * everyMs
}

type Outcome = { readonly ok: true; readonly value: boolean; readonly result: Json } | { readonly ok: false; readonly message: string }

async function callAndEvaluate(kernel: Kernel, poll: Poll, signal: AbortSignal): Promise<Outcome> {
  const { org, triggerId, automationId, definition, scopes, timezone, atMs } = poll
  const { uses, with: given = {} } = definition.poll
  try {
    const { root } = createScope({ params: {}, steps: {}, nowMs: atMs, timezone })
    const args = renderValue(given, { root, timezone, meter: createMeter() }) as JsonObject
    const { output } = await callTool(kernel, org, {
      ...{ tool: uses, args, step: 'condition', attempt: 1, idempotencyKey: `${triggerId}:${atMs}`, signal, scopes: new Set(scopes) },
      actor: { type: 'system', id: 'automations', name: 'automations' },
      requestId: encodeId('aut', automationId),
    })
    const judged = evaluateTriggerExpression(definition.condition, { result: output }, { nowMs: atMs, timezone })
    return judged.ok ? { ...judged, result: output } : { ok: false, message: `condition: ${judged.message}` }
  } catch (error) {
    if (signal.aborted) return { ok: false, message: '' }
    if (error instanceof ToolError) return { ok: false, message: `${uses}: ${error.name}: ${error.message}` }
    if (error instanceof RenderError) return { ok: false, message: `poll.with${error.path}: ${error.message}` }
    throw error
  }
}

async function updateAndFire(
  kernel: Kernel,
  { org, triggerId, definition, atMs }: Poll,
  { value, result }: Outcome & { readonly ok: true },
): Promise<void> {
  await transactAsAutomations(kernel, org, async (context) => {
    const row = await lockConditionIfUnchanged(context.tx, org, triggerId, definition)
    if (row === null) return
    const before = stateOf(row.condition)
    const nowMs = Math.max(atMs, (before.firedAtMs ?? -1) + 1)
    const { isFiring, state } = decideCondition(modeOf(definition), before, value, nowMs)
    await writeCondition(context.tx, org, triggerId, state)
    const event = { type: 'condition', at: new Date(nowMs).toISOString(), value, data: result }
    if (isFiring) await fireUnlessLoop(context, { triggerId, cause: { kind: 'condition', atMs: nowMs }, event }, null)
  })
}
