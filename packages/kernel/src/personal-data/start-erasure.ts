import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'
import { newId } from '../new-id.ts'
import { type ErasureRow, toErasure } from './erasure-row.ts'
import { insertErasure } from './erasure-store.ts'

export async function startErasure(ctx: Ctx, { email, payloads }: InputFor<'erasures.start'>): Promise<AnswerTo<'erasures.start'>> {
  const row = await withOrg(ctx, (tx) => addErasure(ctx, tx, ctx.org, email, payloads === 'delete'))
  const erasure = toErasure(row)
  ctx.note(erasure.id, { payloads })
  return erasure
}

/** Lets the background delete what mentions an address in an organization. The transaction sees that organization. */
export async function addErasure(ctx: Ctx, tx: Transaction, org: string, email: string, payloads: boolean): Promise<ErasureRow> {
  const at = Math.floor(ctx.clock.now())
  const row = {
    org_id: org,
    erasure_id: newId(at),
    address: email,
    payloads,
    requested_by: ctx.actor.id,
    requested_at: new Date(at),
    phase: 'answers',
    next_at: new Date(at),
  } as const
  await insertErasure(tx, row)
  return { ...row, place: null, runs: 0, events: 0, firings: 0, calls: 0, answers: 0, late: 0, places: null, ended_at: null, in_work: 0 }
}
