import type { OrgId } from '@orrery/engine'
import { isLostRace } from '../../database/classify-failure.ts'
import type { SystemHost } from '../../call/act-as-system.ts'
import type { FiringScene } from '../firing/firing-scene.ts'

/** What triggers take of the process they run in. */
export type TriggerHost = Pick<SystemHost, 'database' | 'engine' | 'clock' | 'announce' | 'log'>

const ATTEMPTS_MAX = 5

/** A transaction of one organization in which triggers fire; again from the start if it lost a race for rows. What was asked for is told after the commit. */
export async function inScene<T>(
  { database, engine, clock, announce }: TriggerHost,
  org: OrgId,
  work: (scene: FiringScene) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const told: (() => void)[] = []
    try {
      const result = await database.transaction(org, 'read write', (tx) =>
        work({ engine, tx, org, nowMs: clock.now(), afterCommit: (tell) => void told.push(tell) }),
      )
      for (const tell of told) tell()
      announce()
      return result
    } catch (error) {
      if (!isLostRace(error) || attempt === ATTEMPTS_MAX) throw error
    }
  }
}
