import type { DueKind, Kernel } from '@orrery/kernel'
import { lockAutomations } from '../automation-store.ts'
import { decideFirings } from '../firing/decide-firings.ts'
import { type FiringContext, transactAsAutomations } from '../firing-context.ts'
import { type FiringRow, lockDueFirings, waitingRequests, writeFirings } from '../firing-store.ts'
import { attemptDueWork } from './attempt-due-work.ts'

/** Requests per transaction. */
const BATCH_MAX = 200

/** Starts runs that were requested for a later time. */
export function createRequestKind(kernel: Kernel): DueKind {
  return {
    name: 'request',
    waiting: waitingRequests,
    run({ org, clock }) {
      const some = (limit: number) => () => transactAsAutomations(kernel, org, (context) => fireRequests(context, limit), clock)
      const failOne = (reason: string) => transactAsAutomations(kernel, org, (context) => failRequest(context, reason), clock)
      // If the batch fails, requests are attempted one at a time, so that only a request that cannot be started is marked as failed.
      return attemptDueWork(kernel, org, some(BATCH_MAX), () => attemptDueWork(kernel, org, some(1), failOne))
    },
  }
}

async function fireRequests({ ...context }: FiringContext, limit: number) {
  const { tx, org, nowMs } = context
  const due = await lockDueFirings(tx, org, new Date(nowMs), limit)
  if (due.length > 0) {
    const automations = await lockAutomations(tx, org, [...new Set(due.map(({ automation_id }) => automation_id))])
    const parts = automations.map((automation) => {
      const own = due.filter((row) => row.automation_id === automation.automation_id)
      if (automation.status !== 'paused') return { automation, fresh: own, skips: [] }
      const skips = own.map((row): FiringRow => ({ ...row, outcome: 'skipped', reason: 'paused', decided_at: new Date(nowMs) }))
      return { automation, fresh: [], skips }
    })
    await decideFirings(context, parts)
  }
  return { count: due.length, latenessMs: due.flatMap(({ fires_at }) => (fires_at === null ? [] : [nowMs - fires_at.getTime()])) }
}

/** Marks the oldest due request as failed: even the decision about it failed. */
async function failRequest({ tx, org, nowMs }: FiringContext, reason: string) {
  const due = await lockDueFirings(tx, org, new Date(nowMs), 1)
  const failed = due.map((row): FiringRow => ({ ...row, outcome: 'failed', reason, request: null, decided_at: new Date(nowMs) }))
  await writeFirings(tx, org, failed)
  return { count: due.length, latenessMs: [] }
}
