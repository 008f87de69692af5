import { problem } from '@orrery/contract'
import type { DeliverOutcome } from '@orrery/engine'
import { type Ctx, toUuid, withOrg } from '@orrery/kernel'
import type pg from 'pg'

/** Delivers one message to a live run in the transaction of the call, and notifies its worker after the commit. */
export async function controlRun(
  ctx: Ctx,
  runId: string,
  act: (run: string, client: pg.ClientBase) => Promise<DeliverOutcome>,
): Promise<{ runId: string; accepted: true }> {
  const run = toUuid('run', runId)
  const outcome = await withOrg(ctx, (tx) => act(run, tx.client))
  switch (outcome.type) {
    case 'unknown':
      throw problem('run.not_found', `There is no run ${runId}.`)
    case 'finished':
      throw problem('run.finished', `Run ${runId} has finished.`)
    case 'delivered':
      ctx.afterCommit(() => ctx.engine.nudge([run]))
      return { runId, accepted: true }
  }
}
