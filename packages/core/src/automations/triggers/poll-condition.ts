import type { Json } from '@orrery/contract'
import type { OrgId } from '@orrery/engine'
import { createMeter, createScope, RenderError, renderValue } from '@orrery/expressions'
import { parseDurationMs } from '@orrery/recurrence'
import type { Kernel } from '../../context/kernel.ts'
import { callTool } from '../../tools/call-tool.ts'
import { type JsonObject, ToolError } from '../../tools/tool-port.ts'
import { judgeCondition } from '../planning/judge-condition.ts'
import { type Condition, lockCondition, modeOf, stateOf, writeCondition } from './condition-state.ts'
import { fireOnce } from './fire-once.ts'
import { inScene } from './in-scene.ts'
import { judgeExpression } from './judge-expression.ts'
import { nextTurn } from './next-turn.ts'
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
}

/** Takes conditions of an organization that are due, by moving them on to their next turn. Who dies in the middle leaves out a turn. */
export async function claimPolls({ database, clock }: Kernel, org: OrgId, limit: number): Promise<ClaimedPolls> {
  interface Row extends Omit<Poll, 'org' | 'atMs' | 'definition'> {
    readonly definition: Condition
    readonly wakes_at: Date
    readonly isActive: boolean
    readonly snoozed_until: Date | null
  }
  const nowMs = clock.now()
  return await database.transaction(org, 'read write', async ({ client }) => {
    const { rows } = await client.query<Row>(
      `select t.trigger_id as "triggerId", t.definition, t.wakes_at, t.trouble is not null as "isTroubled",
         a.status = 'active' as "isActive", a.snoozed_until,
         coalesce(a.definition->'scopes', '[]') as scopes, coalesce(a.definition->>'timezone', 'UTC') as timezone
       from app.trigger t join app.automation a on a.org_id = t.org_id and a.automation_id = t.automation_id
       where t.org_id = $1 and t.type = 'condition' and t.wakes_at <= $2
       order by t.wakes_at limit $3 for update of t skip locked`,
      [org, new Date(nowMs), limit],
    )
    const turns = rows.map((row) => takeTurn(row, row.definition, nowMs))
    await client.query(
      `update app.trigger t set wakes_at = u.next from unnest($2::uuid[], $3::timestamptz[]) u(trigger_id, next)
       where t.org_id = $1 and t.trigger_id = u.trigger_id`,
      [org, rows.map((row) => row.triggerId), turns.map(({ next }) => next)],
    )
    const polls = rows.flatMap(({ triggerId, scopes, timezone, isTroubled }, at) => {
      const definition = turns[at]?.definition ?? null
      return definition === null ? [] : [{ org, triggerId, scopes, timezone, isTroubled, definition, atMs: Math.floor(nowMs) }]
    })
    return { count: rows.length, polls }
  })
}

interface Turn {
  /** Null: never by itself. */
  readonly next: Date | null
  /** Null: not now. */
  readonly definition: Poll['definition'] | null
}

type Standing = { readonly wakes_at: Date; readonly isActive: boolean; readonly snoozed_until: Date | null }

function takeTurn({ wakes_at, isActive, snoozed_until }: Standing, definition: Condition, nowMs: number): Turn {
  const { poll } = definition
  if (poll === undefined || !isActive) return { next: null, definition: null }
  if (snoozed_until !== null && snoozed_until.getTime() > nowMs) return { next: snoozed_until, definition: null }
  return { next: new Date(nextTurn(wakes_at.getTime(), parseDurationMs(poll.every), nowMs)), definition: { ...definition, poll } }
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
    const row = await lockCondition(scene.tx, org, triggerId, definition)
    if (row === null) return
    const before = stateOf(row.condition)
    const nowMs = Math.max(atMs, (before.firedAtMs ?? -1) + 1)
    const { isFiring, state } = judgeCondition(modeOf(definition), before, value, nowMs)
    await writeCondition(scene.tx, org, triggerId, state)
    const event = { type: 'condition', at: new Date(nowMs).toISOString(), value, data: result }
    if (isFiring) await fireOnce(scene, { triggerId, cause: { kind: 'condition', atMs: nowMs }, event }, null)
  })
}
