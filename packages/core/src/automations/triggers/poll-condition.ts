import type { Json, JsonObject } from '@orrery/contract'
import type { OrgId } from '@orrery/engine'
import { createMeter, createScope, RenderError, renderValue } from '@orrery/expressions'
import type { DueWork, Kernel } from '@orrery/kernel'
import { parseDurationMs } from '@orrery/recurrence'
import { callTool, ToolError } from '@orrery/tools'
import type { Condition } from '../automation-row.ts'
import { judgeCondition } from '../planning/judge-condition.ts'
import { inScene } from '../scene.ts'
import { type DueCondition, lockDueConditions, writeCondition, writeTurns } from '../trigger-store.ts'
import { lockEvaluated, modeOf, stateOf } from './condition-state.ts'
import { fireOnce } from './fire-once.ts'
import { judgeExpression } from './judge-expression.ts'
import { noteTrouble } from './note-trouble.ts'

/** A turn of a condition, which nobody else has. */
export interface Poll {
  readonly org: OrgId
  readonly triggerId: string
  readonly definition: Condition & { readonly poll: NonNullable<Condition['poll']> }
  readonly scopes: readonly string[]
  readonly timezone: string
  readonly isTroubled: boolean
  readonly atMs: number
}

/**
 * Asks the tool of a condition, and fires if what it says makes the condition fire. A tool that fails, and an answer for which the condition
 * has no value, are shown as the trigger's trouble and change nothing.
 */
export async function pollCondition(host: Kernel, poll: Poll, signal: AbortSignal): Promise<void> {
  const outcome = await ask(host, poll, signal)
  if (signal.aborted) return
  if (!outcome.ok) return await noteTrouble(host.database, poll.org, poll.triggerId, outcome.message)
  if (poll.isTroubled) await noteTrouble(host.database, poll.org, poll.triggerId, null)
  await meet(host, poll, outcome)
}

export interface ClaimedPolls {
  /** Rows looked at, those that are not to be asked now included. */
  readonly count: number
  readonly polls: readonly Poll[]
  readonly latenessMs: readonly number[]
}

/** Takes conditions of an organization that are due, by moving them on to their next turn. A process that dies in the middle skips a turn. */
export async function claimPolls({ database }: Kernel, { org, clock }: DueWork, limit: number): Promise<ClaimedPolls> {
  const nowMs = clock.now()
  return await database.transaction(org, 'read write', async (tx) => {
    const rows = await lockDueConditions(tx, org, new Date(nowMs), limit)
    const turns = rows.map((row) => ({ ...row, ...takeTurn(row, nowMs) }))
    await writeTurns(tx, org, turns)
    const polls = turns.flatMap(({ triggerId, scopes, timezone, isTroubled, polled }) =>
      polled === null ? [] : [{ org, triggerId, scopes, timezone, isTroubled, definition: polled, atMs: Math.floor(nowMs) }],
    )
    return { count: rows.length, polls, latenessMs: turns.flatMap((row) => (row.polled === null ? [] : [nowMs - row.wakes_at.getTime()])) }
  })
}

interface Turn {
  /** Null: never by itself. */
  readonly next: Date | null
  /** Null: not now. */
  readonly polled: Poll['definition'] | null
}

function takeTurn({ definition, wakes_at, isActive, snoozed_until }: DueCondition, nowMs: number): Turn {
  const { poll } = definition
  if (poll === undefined || !isActive) return { next: null, polled: null }
  if (snoozed_until !== null && snoozed_until.getTime() > nowMs) return { next: snoozed_until, polled: null }
  return { next: new Date(nextTurn(wakes_at.getTime(), parseDurationMs(poll.every), nowMs)), polled: { ...definition, poll } }
}

/** In step with the turns before, however many were missed. */
export function nextTurn(lastMs: number, everyMs: number, nowMs: number): number {
  return lastMs + (Math.floor(Math.max(0, nowMs - lastMs) / everyMs) + 1) * everyMs
}

type Outcome = { readonly ok: true; readonly value: boolean; readonly result: Json } | { readonly ok: false; readonly message: string }

async function ask(host: Kernel, poll: Poll, signal: AbortSignal): Promise<Outcome> {
  const { org, triggerId, definition, scopes, timezone, atMs } = poll
  const { uses, with: given = {} } = definition.poll
  try {
    const { root } = createScope({ params: {}, steps: {}, nowMs: atMs, timezone })
    const args = renderValue(given, { root, timezone, meter: createMeter() }) as JsonObject
    const call = { tool: uses, args, runId: null, step: 'condition', attempt: 1, idempotencyKey: `${triggerId}:${atMs}`, signal }
    const { output } = await callTool(host, org, { ...call, scopes: new Set(scopes) })
    const judged = judgeExpression(definition.condition, { result: output }, { nowMs: atMs, timezone })
    return judged.ok ? { ...judged, result: output } : { ok: false, message: `condition: ${judged.message}` }
  } catch (error) {
    if (signal.aborted) return { ok: false, message: '' }
    if (error instanceof ToolError) return { ok: false, message: `${uses}: ${error.name}: ${error.message}` }
    if (error instanceof RenderError) return { ok: false, message: `poll.with${error.path}: ${error.message}` }
    throw error
  }
}

async function meet(
  host: Kernel,
  { org, triggerId, definition, atMs }: Poll,
  { value, result }: Outcome & { readonly ok: true },
): Promise<void> {
  await inScene(host, org, async (scene) => {
    const row = await lockEvaluated(scene.tx, org, triggerId, definition)
    if (row === null) return
    const before = stateOf(row.condition)
    const nowMs = Math.max(atMs, (before.firedAtMs ?? -1) + 1)
    const { isFiring, state } = judgeCondition(modeOf(definition), before, value, nowMs)
    await writeCondition(scene.tx, org, triggerId, state)
    const event = { type: 'condition', at: new Date(nowMs).toISOString(), value, data: result }
    if (isFiring) await fireOnce(scene, { triggerId, cause: { kind: 'condition', atMs: nowMs }, event }, null)
  })
}
