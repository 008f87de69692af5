import { type Ctx, findActingRun, newId, type Transaction } from '@orrery/kernel'
import type { AutomationRow, StoredRequest } from '../automation-row.ts'
import { type FiringContext, toFiringContext } from '../firing-context.ts'
import { type FiringRow, selectDepth, selectFiringByRequestKey, setDepth, setRequestKey, writeFirings } from '../firing-store.ts'
import { chainDepth, findLoop } from '../planning/find-loop.ts'
import type { FiringCause } from '../planning/firing-id.ts'
import { toFiringRow } from '../to-firing-row.ts'
import { decideFirings } from './decide-firings.ts'

export interface RunRequest {
  /** Null: now. A later run is decided at its time, by the definition that the automation has then. */
  readonly atMs: number | null
  readonly request: StoredRequest
}

/**
 * Starts or schedules a run on request, even if the automation is paused. Its schedules do not change. The caller has locked the
 * automation's row. A request by a run continues the chain of firings that led to the run, and is skipped at the limit of chains, so that
 * automations that request each other stop; a request for an hour later or more begins a new chain. If a step of a run repeats the request
 * with the same idempotency key, it gets the same firing, even after the key has expired.
 */
export async function requestRun(ctx: Ctx, tx: Transaction, automation: AutomationRow, asked: RunRequest): Promise<FiringRow> {
  const context = toFiringContext(ctx, tx)
  const run = findActingRun(ctx)
  const stepKey = run !== null ? ctx.origin.idempotencyKey : null
  const known = stepKey === null ? undefined : await selectFiringByRequestKey(tx, ctx.org, stepKey)
  if (known !== undefined) return known
  const depth = run === null ? 0 : chainDepth(await selectDepth(tx, ctx.org, run), (asked.atMs ?? context.nowMs) - context.nowMs)
  const cause = { kind: run === null ? 'manual' : 'agent', requestId: newId(context.nowMs), requestedAtMs: context.nowMs } as const
  const row = await fireOrSchedule(context, automation, cause, asked, findLoop(depth))
  if (depth > 0) await setDepth(tx, ctx.org, row.firing_id, depth)
  if (stepKey !== null) await setRequestKey(tx, ctx.org, row.firing_id, stepKey)
  return row
}

type ByRequest = Extract<FiringCause, { readonly kind: 'manual' | 'agent' }>

async function fireOrSchedule(
  context: FiringContext,
  automation: AutomationRow,
  cause: ByRequest,
  { atMs, request }: RunRequest,
  loop: string | null,
): Promise<FiringRow> {
  const dueMs = atMs ?? context.nowMs
  const row = toFiringRow({ automation, trigger: null, cause, nominalMs: dueMs, firesAtMs: dueMs, request }, context.nowMs)
  if (loop !== null) {
    const skipped: FiringRow = { ...row, outcome: 'skipped', reason: loop, request: null }
    await writeFirings(context.tx, context.org, [skipped])
    return skipped
  }
  if (atMs === null) return (await decideFirings(context, [{ automation, fresh: [row], skips: [] }])).get(row.firing_id) ?? row
  await writeFirings(context.tx, context.org, [row])
  context.afterCommit(() => context.engine.announceDue(atMs))
  return row
}
