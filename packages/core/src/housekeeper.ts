import type { KeyObject } from 'node:crypto'
import {
  type Database,
  FORGET_BATCH,
  FORGET_LOGINS_BATCH,
  forgetAnswers,
  forgetLogins,
  type Log,
  RESEAL_BATCH,
  SEAL_BATCH,
  type SecretKeys,
  sealAudit,
} from '@orrery/kernel'
import { FORGET_CALLS_BATCH, forgetCalls, resealConnections } from '@orrery/tools'
import { FIRINGS_BATCH, forgetFirings } from './automations/forget-firings.ts'
import { DELIVERIES_BATCH, forgetDeliveries } from './automations/webhooks/forget-deliveries.ts'
import { resealWebhooks } from './automations/webhooks/reseal-webhooks.ts'

export interface HousekeeperOptions {
  readonly database: Database
  readonly signer: KeyObject
  readonly secretKeys: SecretKeys
  readonly now: () => number
  readonly log: Log
  /** How long an audit entry may stay unsealed. */
  readonly sealEveryMs?: number
  readonly signEveryMs?: number
}

const SWEEP_EVERY_MS = 600_000

/**
 * Seals the audit log, drops old idempotency keys, logins and names of deliveries, and brings secrets under the active key. Runs in every
 * process; the database lets one at a time work.
 */
export class Housekeeper {
  private readonly options: HousekeeperOptions
  private timer: NodeJS.Timeout | null = null
  private working: Promise<void> | null = null
  private sweepAt = 0
  private stopped = false

  constructor(options: HousekeeperOptions) {
    this.options = options
  }

  start(): void {
    this.plan(0)
  }

  async stop(): Promise<void> {
    this.stopped = true
    if (this.timer !== null) clearTimeout(this.timer)
    await this.working
  }

  private plan(delayMs: number): void {
    if (this.stopped) return
    this.timer = setTimeout(() => {
      this.working = this.work()
        .catch((error: unknown) => {
          this.options.log.warn({ error }, 'Housekeeping failed; it is tried again')
          return false
        })
        .then((more) => this.plan(more ? 0 : (this.options.sealEveryMs ?? 10_000)))
    }, delayMs)
    this.timer.unref()
  }

  /** True if there is more to do at once. */
  private async work(): Promise<boolean> {
    const { database, signer, secretKeys, log, now, signEveryMs = 60_000 } = this.options
    const sealed = await sealAudit(database, { signer, now: now(), signEveryMs })
    if (now() < this.sweepAt) return sealed >= SEAL_BATCH
    const forgotten = await forgetAnswers(database, now())
    const resealed = await resealConnections(database, secretKeys, log)
    const logins = await forgetLogins(database, now())
    const webhooks = await resealWebhooks(database, secretKeys, log)
    const deliveries = await forgetDeliveries(database, now())
    const calls = await forgetCalls(database, now())
    const firings = await forgetFirings(database, now())
    const isSwept =
      calls < FORGET_CALLS_BATCH &&
      firings < FIRINGS_BATCH &&
      forgotten < FORGET_BATCH &&
      resealed < RESEAL_BATCH &&
      webhooks < RESEAL_BATCH &&
      logins < FORGET_LOGINS_BATCH &&
      deliveries < DELIVERIES_BATCH
    if (isSwept) this.sweepAt = now() + SWEEP_EVERY_MS
    return sealed >= SEAL_BATCH || !isSwept
  }
}
