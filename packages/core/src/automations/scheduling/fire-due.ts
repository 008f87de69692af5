import { isLostRace, isPassing, type Kernel } from '@orrery/kernel'
import type { TriggerRow } from '../automation-row.ts'
import { writeTrouble } from '../definition/trigger-state.ts'
import type { FiringScene } from '../firing/firing-scene.ts'
import { type Due, lockDue, writeTroubles } from '../trigger-store.ts'
import type { ConditionPoller } from '../triggers/condition-poller.ts'
import { inScene as inTriggerScene } from '../triggers/in-scene.ts'
import { type FiredSchedules, fireSchedules, type ScheduleFact } from './fire-schedules.ts'
import { failAsked, fireAsked, fireBackfill, stopBackfill } from './fire-waiting.ts'

export interface FiringHost extends Kernel {
  /** Absent: the tools of conditions are asked by other processes. */
  readonly conditions?: Pick<ConditionPoller, 'pollDue'>
}

/** Triggers in one transaction. */
const BATCH = 200

/** Does some of what is due in an organization, in one transaction of it. What is left is found by the next look. */
export async function fireDue(host: FiringHost, due: Due, now: () => number): Promise<FiredSchedules> {
  const startedAt = performance.now()
  const { count, facts } = await fireSome(host, due, now)
  // Nothing has happened before the commit.
  const tookMs = performance.now() - startedAt
  return { count, facts: facts.map((fact) => ({ ...fact, lateMs: fact.lateMs === null ? null : fact.lateMs + tookMs })) }
}

async function fireSome(host: FiringHost, { kind, org }: Due, now: () => number): Promise<FiredSchedules> {
  switch (kind) {
    case 'schedule':
      return fireApart(host, org, now)
    case 'condition':
      return { count: (await host.conditions?.pollDue(org)) ?? 0, facts: [] }
    case 'asked': {
      const some = (limit: number) => () => inScene(host, org, now, (scene) => fireAsked(scene, limit))
      const alone = () => orElse(host, org, some(1), (reason) => inScene(host, org, now, (scene) => failAsked(scene, reason)))
      // One by one if together they fail: only the one that cannot be started is given up.
      return { count: await orElse(host, org, some(BATCH), alone), facts: [] }
    }
    case 'backfill': {
      const work = () => inScene(host, org, now, fireBackfill)
      const giveUp = (reason: string) => inScene(host, org, now, (scene) => stopBackfill(scene, reason))
      return { count: await orElse(host, org, work, giveUp), facts: [] }
    }
  }
}

/** Together; if that fails one by one, so that one which cannot be fired does not hold up the others. */
async function fireApart(host: FiringHost, org: string, now: () => number): Promise<FiredSchedules> {
  try {
    return await inScene(host, org, now, (scene) => fireSchedules(scene, BATCH, null))
  } catch (error) {
    if (isLostRace(error)) return NOTHING
    host.log.warn({ error, org }, 'Schedules could not be fired together; they are tried one by one')
  }
  const due = ({ tx, nowMs }: FiringScene) => lockDue(tx, org, { now: new Date(nowMs), limit: BATCH, only: null })
  const facts: ScheduleFact[] = []
  const triggers = await inScene(host, org, now, due)
  for (const trigger of triggers) facts.push(...(await fireAlone(host, org, trigger, now)).facts)
  return { count: triggers.length, facts }
}

const NOTHING: FiredSchedules = { count: 0, facts: [] }

async function fireAlone(host: FiringHost, org: string, trigger: TriggerRow, now: () => number): Promise<FiredSchedules> {
  try {
    return await inScene(host, org, now, (scene) => fireSchedules(scene, 1, trigger.trigger_id))
  } catch (error) {
    if (isLostRace(error)) return NOTHING
    host.log.error({ error, org, trigger: trigger.trigger_id }, 'A schedule could not be fired; it is tried again later')
    await inScene(host, org, now, ({ tx, nowMs }) =>
      writeTroubles(tx, org, [writeTrouble(trigger, 'It could not be fired; the log says why.', nowMs)]),
    )
    return NOTHING
  }
}

/** Nothing is given up for what passes: the scheduler comes again. */
async function orElse(
  host: FiringHost,
  org: string,
  work: () => Promise<number>,
  giveUp: (reason: string) => Promise<number>,
): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (isLostRace(error)) return 0
    if (isPassing(error)) throw error
    host.log.error({ error, org }, 'What was asked for could not be started')
    return await giveUp('It could not be started; the log says why.')
  }
}

/** A transaction of an organization that fires, at an instant of the scheduler's clock. */
export function inScene<T>(host: FiringHost, org: string, now: () => number, work: (scene: FiringScene) => Promise<T>): Promise<T> {
  return inTriggerScene({ ...host, clock: { now } }, org, work)
}
