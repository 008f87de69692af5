import { encodeId } from '@orrery/contract'
import type { OrgId } from '@orrery/engine'
import type { Host } from '../context/kernel.ts'
import type { AskedRun, AutomationPort } from '../tools/automation-port.ts'
import { toSummary } from './automation-row.ts'
import { lockAutomation, selectAutomations } from './automation-store.ts'
import { findMeant } from './find-meant.ts'
import { askForRun } from './firing/ask-for-run.ts'
import type { FiringScene } from './firing/firing-scene.ts'
import { noteBySystem } from './note-by-system.ts'
import { inScene } from './scheduling/fire-due.ts'
import { putActive } from './standing/put-active.ts'
import { putPaused } from './standing/put-paused.ts'

/** What tools do with automations: each in one transaction of the organization of the run that calls them. */
export function createAutomationPort(host: Pick<Host, 'database' | 'engine' | 'log' | 'announce' | 'clock'>): AutomationPort {
  const within = <T>(org: OrgId, work: (scene: FiringScene) => Promise<T>) => inScene(host, org, () => host.clock.now(), work)
  return {
    askForRun: (org, automation, asked) => within(org, (scene) => ask(scene, automation, asked)),
    pause: (org, automation, note) =>
      within(org, async (scene) => {
        const before = await lockMeant(scene, automation)
        if (before.status === 'paused') return { automation: before.name, status: before.status }
        const row = await putPaused(scene, before, note)
        await noteBySystem(scene, 'automation.paused', row.automation_id, { note })
        return { automation: row.name, status: row.status }
      }),
    resume: (org, automation) =>
      within(org, async (scene) => {
        const { row } = await putActive(scene, await lockMeant(scene, automation))
        await noteBySystem(scene, 'automation.resumed', row.automation_id, null)
        return { automation: row.name, status: row.status }
      }),
    list: (org, { text, status, limit }) =>
      within(org, async ({ tx, nowMs }) => {
        const rows = await selectAutomations(tx, org, { status, text, now: new Date(nowMs), before: null, limit })
        return rows.map((row) => toSummary(row, nowMs))
      }),
  }
}

async function ask(
  scene: FiringScene,
  automation: string,
  { requestKey, atMs, params }: AskedRun,
): ReturnType<AutomationPort['askForRun']> {
  const found = await findMeant(scene.tx, scene.org, automation)
  const row = await askForRun(scene, found, { requestKey, atMs, request: params === undefined ? {} : { params } })
  return {
    firingId: encodeId('fir', row.firing_id),
    automation: found.name,
    firesAtMs: (row.fires_at ?? row.nominal_at).getTime(),
    outcome: row.outcome,
    reason: row.reason,
    runId: row.run_id === null ? null : encodeId('run', row.run_id),
  }
}

async function lockMeant({ tx, org }: FiringScene, automation: string) {
  const found = await findMeant(tx, org, automation)
  return lockAutomation(tx, org, found.name)
}
