import type { Event, Permission } from '@orrery/contract'
import { joinSteps, type Notifier, type StepSource } from '@orrery/engine'
import {
  type AnyImplementation,
  type AuditKeys,
  type Caller,
  type CoreEngine,
  createAuthenticator,
  createBackground,
  createEventLog,
  createKernel,
  createKernelPart,
  createRateLimiter,
  type Database,
  type DueClock,
  EventHub,
  type Identity,
  type Implementations,
  identify,
  type Kernel,
  kernelImplementations,
  type Log,
  type OutsideAllow,
  outsidePolicy,
  type Rate,
  type SecretKeys,
  type TokenKeys,
} from '@orrery/kernel'
import { addBuiltIns, createToolsPart, toolImplementations } from '@orrery/tools'
import type { ScheduleFact } from './automations/due/fire-schedules.ts'
import { createWebhookReceiver, type WebhookDelivery, type WebhookReceipt } from './automations/webhooks/receive-webhook.ts'
import { createFeatures } from './features.ts'
import { implementations as coreImplementations } from './implementations.generated.ts'
import { createRedisRelay, type RedisRelay, type RedisRelayOptions } from './relay/redis-relay.ts'

export interface CoreOptions {
  readonly database: Database
  readonly engine: CoreEngine
  readonly notifier: Notifier | null
  readonly log: Log
  readonly version: string
  /** Where the world reaches this server, without a slash at the end. Absent: it does not know, and addresses are shown as paths. */
  readonly publicUrl?: () => string
  readonly audit: AuditKeys
  /** The same in every process of an installation. */
  readonly secrets: SecretKeys
  /** The same in every process of an installation, and in no other one. */
  readonly tokens: TokenKeys
  /** Addresses in private networks and on this machine that may be reached. Absent: none. */
  readonly outsideAllow?: OutsideAllow
  /** Whether connections may start programs on this machine. Absent: no. */
  readonly isMcpStdioAllowed?: boolean
  /** Absent: events go to no Redis. */
  readonly redis?: RedisRelayOptions
  /** A key's requests, in this process. Default 1000 a second, 2000 at once. */
  readonly rate?: Rate
  readonly checkOutputs?: boolean
  /** Hears what came of each occurrence of a schedule. */
  readonly observeFirings?: (fact: ScheduleFact) => void
  /** Hears how late due work of a kind was when it was done. */
  readonly observeLateness?: (kind: string, latenessMs: number) => void
}

/** The product of one process, without a face. */
export interface Core extends Pick<Kernel, 'call'> {
  readonly kernel: Kernel
  /** For what is no operation (the event stream): the same key, rate and permission checks. Null: any valid key will do. */
  identify(caller: Caller, permission: Permission | null): Promise<Identity>
  /** For deliveries at the addresses of webhooks, which bring no key. Throws ProblemError. */
  receiveWebhook(delivery: WebhookDelivery): Promise<WebhookReceipt>
  readonly events: EventHub<Event>
  /** Does what is due. Not started with the other loops: one process of an installation is enough, more are safer. */
  readonly clock: DueClock
  /** Null: there is no Redis. */
  readonly relay: Pick<RedisRelay, 'status'> | null
  /** Steps that every worker has, beside those of its project. */
  readonly steps: StepSource
  /** Begins the loops: sealing, sweeping, triggers. Resolves when no event is missed any more. */
  start(): Promise<void>
  /** Ends subscriptions and loops. The database and the engine are the host's to close. */
  stop(): Promise<void>
}

const implementations: Implementations = { ...kernelImplementations, ...toolImplementations, ...coreImplementations }

const DEFAULT_RATE: Rate = { perSecond: 1000, burst: 2000 }

export function createCore(options: CoreOptions): Core {
  const { database, notifier, log, audit } = options
  const kernel = createProcessKernel(options)
  const events = new EventHub({
    source: createEventLog(database),
    notifier,
    onError: (error) => log.warn({ error }, 'The event log could not be read'),
  })
  const relay = options.redis === undefined ? null : createRedisRelay(kernel, options.redis)
  const features = createFeatures(kernel, { relay, observeFirings: options.observeFirings ?? (() => undefined) })
  addBuiltIns(features.flatMap(({ builtIns = [] }) => builtIns))
  const { observeLateness } = options
  const background = createBackground(kernel, {
    notifier,
    parts: [createKernelPart(kernel, audit.signer), createToolsPart(kernel), ...features],
    ...(observeLateness === undefined ? {} : { observeLateness }),
  })
  return {
    kernel,
    call: kernel.call,
    identify: (caller, permission) => identify(kernel, caller, permission ?? 'any'),
    receiveWebhook: createWebhookReceiver(kernel),
    events,
    clock: background.clock,
    relay,
    steps: joinSteps(...features.flatMap(({ steps }) => steps ?? [])),
    start: () => background.start(),
    async stop() {
      await Promise.all([events.stop(), background.stop()])
    },
  }
}

function createProcessKernel(options: CoreOptions): Kernel {
  const { database, engine, log } = options
  const clock = { now: () => engine.now() }
  return createKernel({
    // Each gets the input that its own operation's shape has parsed.
    implementations: implementations as unknown as Readonly<Record<string, AnyImplementation>>,
    database,
    engine,
    clock,
    log,
    authenticator: createAuthenticator(database, options.tokens, clock.now),
    limitRate: createRateLimiter(options.rate ?? DEFAULT_RATE, () => performance.now()),
    announce: () => options.notifier?.send({ type: 'events' }),
    auditKeys: options.audit.known,
    secretKeys: options.secrets,
    tokenKeys: options.tokens,
    outside: { ...outsidePolicy, allow: options.outsideAllow ?? [], mayStartPrograms: options.isMcpStdioAllowed ?? false },
    publicUrl: options.publicUrl ?? (() => ''),
    version: options.version,
    checkOutputs: options.checkOutputs ?? false,
  })
}
