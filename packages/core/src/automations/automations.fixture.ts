/** For tests: automations that fire at chosen instants. */
import type { OutputOf } from '@orrery/contract'
import { eventually } from '../../../../tests/support/eventually.ts'
import type { TestCore } from '../../../../tests/support/start-test-core.ts'
import type { InputFor } from '../../../kernel/src/context/implementation.ts'
import type { Kernel } from '../../../kernel/src/context/kernel.ts'
import { sql } from '../../../kernel/src/database/sql.ts'
import { type FiredSchedules, fireSchedules } from './due/fire-schedules.ts'
import { transactAsAutomations } from './firing-context.ts'

export type FiringShown = OutputOf<'automations.firings'>['items'][number]

export const minuteMs = 60_000
export const hourMs = 3_600_000

export interface AutomationBench {
  readonly host: Kernel
  /** Creates an automation, under a generated name if it has none. Returns the name. */
  make(definition: InputFor<'automations.create'>): Promise<string>
  /** When its first trigger fires next. */
  nextMs(name: string): Promise<number>
  /** Fires all schedules of the organization that are due at an instant, as a scheduler would. */
  fireAt(ms: number): Promise<FiredSchedules>
  /** Its firings, oldest first. */
  firings(name: string): Promise<readonly FiringShown[]>
  /** Fires this automation at its next time. Returns its newest firing. */
  fireNext(name: string): Promise<FiringShown>
  /** Waits until the ends of all its runs are recorded. */
  allEnded(name: string): Promise<void>
  /** Sends a run of the workflow `approval` its answer, and waits for its end. */
  answer(runId: string | null): Promise<void>
}

export function benchOf(t: TestCore): AutomationBench {
  const host = t.core.kernel
  let count = 0
  const bench: AutomationBench = {
    host,
    async make(definition) {
      const name = definition.name ?? `made-${++count}`
      await t.call('automations.create', { ...definition, name })
      return name
    },
    async nextMs(automation) {
      const { triggers } = await t.call('automations.get', { automation })
      const at = triggers[0]?.nextAt
      if (at === null || at === undefined) throw new Error(`${automation} has no next firing: ${JSON.stringify(triggers)}`)
      return Date.parse(at)
    },
    fireAt: (ms) => transactAsAutomations(host, t.org, (context) => fireSchedules(context, 100, null), { now: () => ms }),
    firings: async (automation) => (await t.call('automations.firings', { automation, limit: 200 })).items.toReversed(),
    async fireNext(name) {
      const at = await bench.nextMs(name)
      // Recording the end of an earlier run may hold the automation's lock. A scheduler skips locked rows and fires at its next attempt.
      await eventually(
        async () => {
          await bench.fireAt(at)
          return (await t.call('automations.get', { automation: name })).triggers[0]?.nextAt
        },
        (next) => next === null || Date.parse(next ?? '') > at,
        50_000,
      )
      const last = (await bench.firings(name)).at(-1)
      if (last === undefined) throw new Error(`${name} has not fired`)
      return last
    },
    async allEnded(name) {
      const countRunning = () =>
        t.database.transaction(t.org, 'read only', async (tx) => {
          const row = await tx.row<{ count: string }>(
            sql`select count(*) from app.firing f join app.automation a using (org_id, automation_id) where a.name = ${name} and f.going`,
          )
          return Number(row?.count)
        })
      await eventually(countRunning, (count) => count === 0, 50_000)
    },
    async answer(runId) {
      await t.call('runs.signal', { runId: runId ?? '', name: 'answer', payload: null })
      await t.call('runs.result', { runId: runId ?? '', timeout: '10s' })
    },
  }
  return bench
}
