import { newId } from '../../new-id.ts'
import type { AutomationRow, StoredRequest } from '../automation-row.ts'
import { lockAutomations } from '../automation-store.ts'
import { type FiringRow, selectFiringOf, setRequestKey, writeFirings } from '../firing-store.ts'
import { fireByHand } from './fire-by-hand.ts'
import type { FiringScene } from './firing-scene.ts'
import { toFiringRow } from './to-firing-row.ts'

export interface AskedRun {
  /** The same key again: the same firing. */
  readonly requestKey: string
  /** Null: now. */
  readonly atMs: number | null
  readonly request: StoredRequest
}

/** A run that a program asks for, now or at a time; then it is decided at that time, by what the automation says then. */
export async function askForRun(scene: FiringScene, found: AutomationRow, { requestKey, atMs, request }: AskedRun): Promise<FiringRow> {
  const { tx, org, nowMs } = scene
  // Under its lock, so that of two attempts of one step the second sees what the first has done.
  const [automation = found] = await lockAutomations(tx, org, [found.automation_id])
  const known = await selectFiringOf(tx, org, requestKey)
  if (known !== undefined) return known
  const cause = { kind: 'agent', requestId: newId(nowMs), requestedAtMs: nowMs } as const
  const row = atMs === null ? await fireByHand(scene, automation, cause, request) : await schedule(scene, automation, cause, atMs, request)
  await setRequestKey(tx, org, row.firing_id, requestKey)
  return row
}

async function schedule(
  scene: FiringScene,
  automation: AutomationRow,
  cause: { readonly kind: 'agent'; readonly requestId: string; readonly requestedAtMs: number },
  atMs: number,
  request: StoredRequest,
): Promise<FiringRow> {
  const row = toFiringRow({ automation, trigger: null, cause, nominalMs: atMs, firesAtMs: atMs, request }, scene.nowMs)
  await writeFirings(scene.tx, scene.org, [row])
  scene.afterCommit(() => scene.engine.tellDue(atMs))
  return row
}
