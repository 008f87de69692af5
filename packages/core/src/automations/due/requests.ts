import type { DueKind, Kernel } from '@orrery/kernel'
import { lockAutomations } from '../automation-store.ts'
import { decideFirings } from '../firing/decide-firings.ts'
import { type FiringRow, lockDueFirings, waitingRequests, writeFirings } from '../firing-store.ts'
import { type FiringScene, inScene } from '../scene.ts'
import { performOrGiveUp } from './perform-or-give-up.ts'

/** In one transaction. */
const BATCH = 200

/** Runs that were requested for a time start. */
export function createRequestKind(kernel: Kernel): DueKind {
  return {
    name: 'request',
    waiting: waitingRequests,
    run({ org, clock }) {
      const some = (limit: number) => () => inScene(kernel, org, (scene) => fireRequests(scene, limit), clock)
      const failOne = (reason: string) => inScene(kernel, org, (scene) => failRequest(scene, reason), clock)
      // One by one if together they fail: only the one that cannot be started is given up.
      return performOrGiveUp(kernel, org, some(BATCH), () => performOrGiveUp(kernel, org, some(1), failOne))
    },
  }
}

async function fireRequests({ ...scene }: FiringScene, limit: number) {
  const { tx, org, nowMs } = scene
  const due = await lockDueFirings(tx, org, new Date(nowMs), limit)
  if (due.length > 0) {
    const automations = await lockAutomations(tx, org, [...new Set(due.map(({ automation_id }) => automation_id))])
    const parts = automations.map((automation) => {
      const own = due.filter((row) => row.automation_id === automation.automation_id)
      if (automation.status !== 'paused') return { automation, fresh: own, skips: [] }
      const skips = own.map((row): FiringRow => ({ ...row, outcome: 'skipped', reason: 'paused', decided_at: new Date(nowMs) }))
      return { automation, fresh: [], skips }
    })
    await decideFirings(scene, parts)
  }
  return { count: due.length, latenessMs: due.flatMap(({ fires_at }) => (fires_at === null ? [] : [nowMs - fires_at.getTime()])) }
}

/** The oldest that is due could not even be decided: it is given up. */
async function failRequest({ tx, org, nowMs }: FiringScene, reason: string) {
  const due = await lockDueFirings(tx, org, new Date(nowMs), 1)
  const failed = due.map((row): FiringRow => ({ ...row, outcome: 'failed', reason, request: null, decided_at: new Date(nowMs) }))
  await writeFirings(tx, org, failed)
  return { count: due.length, latenessMs: [] }
}
