import type { Ctx } from '../context/context.ts'
import type { AnswerTo } from '../context/implementation.ts'
import type { Transaction } from '../database/database.ts'
import { countUnsealed, selectChain, selectCheckpoints } from './audit-store.ts'
import { verifyChain } from './verify-chain.ts'

const ENTRIES_BATCH = 5000

export function verifyAudit(ctx: Ctx): Promise<AnswerTo<'audit.verify'>> {
  return ctx.kernel.database.report(ctx.org, async (tx) => {
    // Checkpoints are read first. The chain only grows, so it then has every link that a checkpoint names.
    const checkpoints = await selectCheckpoints(tx, ctx.org)
    const verdict = await verifyChain(ctx.org, readChain(tx, ctx.org), checkpoints, ctx.kernel.auditKeys)
    const unsealed = await countUnsealed(tx, ctx.org)
    return { ...verdict, ok: verdict.faults.length === 0, unsealed, faults: [...verdict.faults] }
  })
}

async function* readChain(tx: Transaction, org: string) {
  let after = 0
  for (;;) {
    const batch = await selectChain(tx, org, after, ENTRIES_BATCH)
    yield batch
    after = batch.at(-1)?.link.seq ?? after
    if (batch.length < ENTRIES_BATCH) return
  }
}
