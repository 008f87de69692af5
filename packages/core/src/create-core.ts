import type { Event, Permission } from '@orrery/contract'
import { joinSteps, type Notifier, type StepSource } from '@orrery/engine'
import {
  type AnyImplementation,
  type AuditKeys,
  type Caller,
  type CoreEngine,
  createAuthenticator,
  createBackground,
  createCompute,
  createEventLog,
  createKernel,
  createKernelPart,
  createOutbox,
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
  type MailTransport,
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
  /** The public URL of this server, without a trailing slash. Absent: addresses are shown as paths. */
  readonly publicUrl?: () => string
  /** Where this server is, as OAuth sees it. Absent: tokens of OAuth are refused. */
  readonly oauth?: Kernel['oauth']
  readonly audit: AuditKeys
  /** Must be the same in every process of an installation. */
  readonly secrets: SecretKeys
  /** Must be the same in every process of an installation, and differ between installations. */
  readonly tokens: TokenKeys
  /** Private and local addresses that outgoing requests may reach. Absent: none. */
  readonly outsideAllow?: OutsideAllow
  /** Whether connections may start programs on this machine. Absent: no. */
  readonly isMcpStdioAllowed?: boolean
  /** Hands mails to a mail server. Absent: they stay in the outbox. */
  readonly mail?: MailTransport
  /** Absent: events are not relayed to Redis. */
  readonly redis?: RedisRelayOptions
  /** Rate limit per key and process. Default: 1000 a second, bursts of 2000. */
  readonly rate?: Rate
  readonly checkOutputs?: boolean
  /** Called with the outcome of each occurrence of a schedule. */
  readonly observeFirings?: (fact: ScheduleFact) => void
  /** Called with the lateness of each piece of due work, by kind. */
  readonly observeLateness?: (kind: string, latenessMs: number) => void
}

/** The rules of the product in one process, without a face (REST, tRPC, MCP, command line). */
export interface Core extends Pick<Kernel, 'call'> {
  readonly kernel: Kernel
  /** The checks of key, rate and permission for requests that are not operations (the event stream). Null: any valid key is accepted. */
  identify(caller: Caller, permission: Permission | null): Promise<Identity>
  /** Receives deliveries of webhooks, which have no API key. Throws ProblemError. */
  receiveWebhook(delivery: WebhookDelivery): Promise<WebhookReceipt>
  readonly events: EventHub<Event>
  /** Performs due work. `start` does not start it: one process of an installation is enough, and more are safer. */
  readonly clock: DueClock
  /** Null: no Redis is configured. */
  readonly relay: Pick<RedisRelay, 'status'> | null
  /** Steps that every worker has in addition to those of its project. */
  readonly steps: StepSource
  /** Starts the loops: sealing, sweeping, triggers. Resolves once no later event can be missed. */
  start(): Promise<void>
  /** Ends subscriptions and loops. The caller closes the database and the engine. */
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
      kernel.compute.stop()
    },
  }
}

function createProcessKernel(options: CoreOptions): Kernel {
  const { database, engine, log, secrets: secretKeys, tokens: tokenKeys } = options
  const clock = { now: () => engine.now() }
  const oauth = options.oauth ?? (() => null)
  return createKernel({
    // Each implementation gets input that the shape of its operation has parsed.
    implementations: implementations as unknown as Readonly<Record<string, AnyImplementation>>,
    database,
    engine,
    clock,
    log,
    authenticator: createAuthenticator(database, { secretKeys, tokenKeys, oauth }, clock.now),
    limitRate: createRateLimiter(options.rate ?? DEFAULT_RATE, () => performance.now()),
    announce: () => options.notifier?.send({ type: 'events' }),
    auditKeys: options.audit.known,
    secretKeys,
    compute: createCompute(),
    outbox: createOutbox(options.mail ?? null),
    tokenKeys,
    outside: { ...outsidePolicy, allow: options.outsideAllow ?? [], mayStartPrograms: options.isMcpStdioAllowed ?? false },
    publicUrl: options.publicUrl ?? (() => ''),
    oauth,
    version: options.version,
    checkOutputs: options.checkOutputs ?? false,
  })
}
