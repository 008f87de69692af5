import type { Permission } from '@orrery/contract'
import type { Notifier } from '@orrery/engine'
import { createAuthenticator, type Identity } from './access/authenticate.ts'
import { createRateLimiter, type Rate } from './access/rate-limiter.ts'
import type { AuditKeys } from './audit/audit-keys.ts'
import { type Answer, callOperation } from './call-operation.ts'
import type { CoreEngine, Log } from './context.ts'
import type { Database } from './database.ts'
import { EventHub } from './events/event-hub.ts'
import type { Host } from './host.ts'
import { Housekeeper } from './housekeeper.ts'
import { type Caller, identify } from './identify.ts'
import type { SecretKeys } from './secrets/secret-keys.ts'

export interface CoreOptions {
  readonly database: Database
  readonly engine: CoreEngine
  readonly notifier: Notifier | null
  readonly log: Log
  readonly version: string
  readonly audit: AuditKeys
  /** The same in every process of an installation. */
  readonly secrets: SecretKeys
  /** A key's requests, in this process. Default 1000 a second, 2000 at once. */
  readonly rate?: Rate
  readonly checkOutputs?: boolean
}

/** The product of one process, without a face. */
export interface Core {
  /** Throws ProblemError and nothing else. `input` may be a function that reads it, once the caller is known. */
  call(operation: string, caller: Caller, input: unknown): Promise<Answer>
  /** For what is no operation (the event stream): the same key, rate and permission checks. Null: any valid key will do. */
  identify(caller: Caller, permission: Permission | null): Promise<Identity>
  readonly events: EventHub
  /** Begins sealing and sweeping. */
  start(): void
  /** Ends subscriptions and loops. The database and the engine are the host's to close. */
  stop(): Promise<void>
}

const DEFAULT_RATE: Rate = { perSecond: 1000, burst: 2000 }

export function createCore(options: CoreOptions): Core {
  const { database, engine, log, audit, secrets } = options
  const clock = { now: () => engine.now() }
  const host: Host = {
    database,
    engine,
    clock,
    log,
    authenticator: createAuthenticator(database, clock.now),
    limitRate: createRateLimiter(options.rate ?? DEFAULT_RATE, () => performance.now()),
    announce: () => options.notifier?.send({ type: 'events' }),
    auditKeys: audit.known,
    secretKeys: secrets,
    version: options.version,
    checkOutputs: options.checkOutputs ?? false,
  }
  const events = new EventHub({
    database,
    notifier: options.notifier,
    onError: (error) => log.warn({ error }, 'The event log could not be read'),
  })
  const housekeeper = new Housekeeper({ database, signer: audit.signer, secretKeys: secrets, now: clock.now, log })
  return {
    call: (operation, caller, input) => callOperation(host, operation, caller, input),
    identify: (caller, permission) => identify(host, caller, permission),
    events,
    start: () => housekeeper.start(),
    async stop() {
      await Promise.all([events.stop(), housekeeper.stop()])
    },
  }
}
