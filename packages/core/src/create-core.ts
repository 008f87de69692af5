import type { Permission } from '@orrery/contract'
import type { Notifier, StepSource } from '@orrery/engine'
import {
  type AnyImplementation,
  type AuditKeys,
  type Caller,
  type CoreEngine,
  createAuthenticator,
  createKernel,
  createRateLimiter,
  type Database,
  EventHub,
  EventTail,
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
import { addBuiltIns, admitWith, mcpClientsOf, toolImplementations } from '@orrery/tools'
import { automationBuiltIns } from './automations/built-ins/built-ins.ts'
import type { ScheduleFact } from './automations/scheduling/fire-schedules.ts'
import { Scheduler } from './automations/scheduling/scheduler.ts'
import { createCalendarFollower } from './automations/standing/follow-calendars.ts'
import { ConditionPoller } from './automations/triggers/condition-poller.ts'
import { createTriggerConsumer } from './automations/triggers/consume-triggers.ts'
import { createWebhookReceiver, type WebhookDelivery, type WebhookReceipt } from './automations/webhooks/receive-webhook.ts'
import { FeedRefresher } from './calendars/feed-refresher.ts'
import { Housekeeper } from './housekeeper.ts'
import { implementations as coreImplementations } from './implementations.generated.ts'
import { admitPipelineTool } from './pipelines/admit-pipeline-tool.ts'
import { createBuiltInSteps } from './pipelines/create-built-in-steps.ts'
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
  readonly observeSchedules?: (fact: ScheduleFact) => void
}

/** The product of one process, without a face. */
export interface Core extends Pick<Kernel, 'call'> {
  readonly kernel: Kernel
  /** For what is no operation (the event stream): the same key, rate and permission checks. Null: any valid key will do. */
  identify(caller: Caller, permission: Permission | null): Promise<Identity>
  /** For deliveries at the addresses of webhooks, which bring no key. Throws ProblemError. */
  receiveWebhook(delivery: WebhookDelivery): Promise<WebhookReceipt>
  readonly events: EventHub
  /** Fires what is due. Not started with the other loops: one process of an installation is enough, more are safer. */
  readonly scheduler: Pick<Scheduler, 'start' | 'stop'>
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
  const { database, engine, log, audit, secrets } = options
  const clock = { now: () => engine.now() }
  const announce = () => options.notifier?.send({ type: 'events' })
  const outside = { ...outsidePolicy, allow: options.outsideAllow ?? [], mayStartPrograms: options.isMcpStdioAllowed ?? false }
  addBuiltIns(automationBuiltIns)
  admitWith('pipeline', admitPipelineTool)
  const kernel = createKernel({
    // Each gets the input that its own operation's shape has parsed.
    implementations: implementations as unknown as Readonly<Record<string, AnyImplementation>>,
    database,
    engine,
    clock,
    log,
    authenticator: createAuthenticator(database, options.tokens, clock.now),
    limitRate: createRateLimiter(options.rate ?? DEFAULT_RATE, () => performance.now()),
    announce,
    auditKeys: audit.known,
    secretKeys: secrets,
    outside,
    tokenKeys: options.tokens,
    publicUrl: options.publicUrl ?? (() => ''),
    version: options.version,
    checkOutputs: options.checkOutputs ?? false,
  })
  const events = new EventHub({
    database,
    notifier: options.notifier,
    onError: (error) => log.warn({ error }, 'The event log could not be read'),
  })
  const housekeeper = new Housekeeper({ database, signer: audit.signer, secretKeys: secrets, now: clock.now, log })
  const feeds = new FeedRefresher({ database, engine, outside, announce, log })
  const tail = new EventTail({ database, notifier: options.notifier, log })
  const triggers = createTriggerConsumer(kernel, tail)
  const calendars = createCalendarFollower(kernel, tail)
  const conditions = new ConditionPoller(kernel)
  const scheduler = new Scheduler({
    host: { ...kernel, conditions },
    notifier: options.notifier,
    ...(options.observeSchedules === undefined ? {} : { observe: options.observeSchedules }),
  })
  const relay = options.redis === undefined ? null : createRedisRelay({ database, tail, log }, options.redis)
  return {
    kernel,
    call: kernel.call,
    identify: (caller, permission) => identify(kernel, caller, permission ?? 'any'),
    receiveWebhook: createWebhookReceiver(kernel),
    events,
    scheduler,
    relay,
    steps: createBuiltInSteps(kernel),
    async start() {
      housekeeper.start()
      feeds.start()
      await Promise.all([triggers.start(), calendars.start(), relay?.start()])
    },
    async stop() {
      await Promise.all([
        events.stop(),
        scheduler.stop(),
        housekeeper.stop(),
        mcpClientsOf(kernel).stop(),
        feeds.stop(),
        relay?.stop(),
        triggers.stop(),
        calendars.stop(),
      ])
      await Promise.all([tail.stop(), conditions.stop()])
    },
  }
}
