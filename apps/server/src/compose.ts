import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createCore } from '@orrery/core'
import { type BundleHosts, containBundles, createEngine, type EngineFact, joinSteps, type Worker } from '@orrery/engine'
import { type AppliedMigration, createPostgresStore } from '@orrery/engine/postgres'
import { toFailure } from '@orrery/engine/workflow'
import { auditCompanion, bootstrapInstallation, createDatabase, engineRules, listViolations, offerSetup, withdrawKey } from '@orrery/kernel'
import { createApp } from './app.ts'
import { oauthAddresses } from './auth/oauth/addresses.ts'
import { createPeopleFace } from './auth/people-face.ts'
import { CannotStart, explainGap, explainListen, explainProject, explainSecretKeys, explainSigningKey, orExplain } from './cannot-start.ts'
import { checkBefore } from './check-before.ts'
import type { Config } from './config.ts'
import { createBackend } from './create-backend.ts'
import { describeStart, type Started, type Terminal } from './describe-start.ts'
import { createEventFace } from './events/stream-events.ts'
import { collectOutages, collectRecentErrors, createChecks } from './health/check-health.ts'
import type { Stage } from './health/serve-health.ts'
import { isLoopback } from './http/check-host.ts'
import { listen } from './http/listen.ts'
import { loadAuditKeys, loadSecretKeys, loadTokenKeys } from './key-files.ts'
import { mailboxPath, serveMailbox } from './mail/serve-mailbox.ts'
import { createSmtpTransport } from './mail/smtp-transport.ts'
import { maintainDaily } from './maintain-daily.ts'
import { logFacts } from './observe/log-facts.ts'
import type { Logger } from './observe/logger.ts'
import { createMetrics } from './observe/metrics.ts'
import { describeDatabaseStart, openStorage } from './open-storage.ts'
import { deployProject } from './project/deploy-project.ts'
import { logNews, type TellNews } from './project/project-news.ts'
import { recordConsole, tellLines } from './project/record-logs.ts'
import { runProject } from './project/run-project.ts'
import { createSwappableSteps } from './project/swappable-steps.ts'
import { type Stops, stopAll } from './stop-all.ts'
import { VERSION } from './version.ts'

export interface Running {
  /** The address it listens on, without a trailing slash. */
  readonly url: string
  /** A key with all rights, if this start made one. */
  readonly adminKey: string | null
  /** The link that makes the first person. Null: there is a person already. */
  readonly setupUrl: string | null
  /** Where the mails are that this server does not send. Null: there is a mail server, or no mailbox. */
  readonly mailboxUrl: string | null
  /** UUID of the installation's first organization. */
  readonly org: string
  /** The text for the person who started the server. */
  describe(terminal: Terminal): string
  /**
   * Reports that it is not ready and answers requests until load balancers have noticed, then refuses new ones, waits for requests and step
   * bodies in progress, releases its runs to other workers, stops the embedded PostgreSQL.
   */
  stop(): Promise<void>
}

/**
 * Starts all parts in order, and stops them in reverse order, also when a later part fails to start. If `stopAsked` fires
 * before every part is up, the parts that have started are stopped and the signal's reason is thrown. `tell` gets the news of the project;
 * by default, they go to the log.
 */
export async function startServer(
  config: Config,
  log: Logger,
  stopAsked: AbortSignal = new AbortController().signal,
  tell?: TellNews,
): Promise<Running> {
  const stops: Stops = []
  const news = tell ?? logNews(log)
  const stop = () => stopAll(stops, log)
  try {
    await checkBefore(config)
    const data = resolve(config.data)
    if (config.databaseUrl === undefined) news({ type: 'doing', text: describeDatabaseStart(data) })
    const storage = await openStorage(config, data, log, stops, stopAsked)
    stopAsked.throwIfAborted()
    const product = await openProduct(config, data, log, stops, storage, news)
    stopAsked.throwIfAborted()
    // A program that gets the news shows what steps write to the console.
    stops.push(recordConsole({ echo: tell === undefined }))
    if (config.project !== undefined) news({ type: 'doing', text: 'building the project' })
    const worker = await startWork(config, log, stops, product, news)
    stopAsked.throwIfAborted()
    startScheduler(config, stops, product)
    const url = await startFaces(config, log, stops, { ...storage, ...product, worker })
    stopAsked.throwIfAborted()
    const { first, handover } = product
    handover.isDone = true
    const { embedded } = storage
    const mailbox = mailboxPath({ kernel: product.core.kernel, host: config.host })
    const mailboxUrl = mailbox === null ? null : `${product.address.people}${mailbox}`
    const setup = config.roles.includes('api') ? await offerSetup(product.database, product.engine.now()) : null
    const setupUrl = setup === null ? null : `${product.address.people}/setup#${setup}`
    const started: Started = {
      url: config.publicUrl ?? url,
      config,
      data,
      embedded,
      first,
      setupUrl,
      mailboxUrl,
      exposed: !isLoopback(config.host),
      pid: process.pid,
    }
    return {
      url,
      adminKey: first.secret,
      setupUrl,
      mailboxUrl,
      org: first.org,
      describe: (terminal) => describeStart(started, terminal),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The engine and core, without faces and without a worker. */
async function openProduct(config: Config, data: string, log: Logger, stops: Stops, { url }: { readonly url: string }, tell: TellNews) {
  const metrics = createMetrics()
  const recentErrors = collectRecentErrors()
  const observe = observeAll(metrics.observe, recentErrors.observe, logFacts(log), tellLines(tell))
  const store = createPostgresStore({ url, companions: { [auditCompanion.table]: auditCompanion } })
  const engine = createEngine({ store, notifier: store.notifier, version: VERSION, observe, ...sandboxes(config), ...engineRules })
  stops.push(() => engine.close())
  const gap = await store.transactionGap()
  if (gap > 0) throw new CannotStart(explainGap(gap, url))
  // Before anything asks what time it is.
  await engine.keepTime()
  const database = createDatabase({ url, onIdleError: (error) => log.warn({ error }, 'a connection to the database broke') })
  stops.push(() => database.close())
  const auditKey = config.auditKeyFile ?? join(data, 'audit-key.pem')
  const audit = await orExplain(
    () => loadAuditKeys(auditKey),
    (error) => explainSigningKey(error, auditKey, 'ORRERY_AUDIT_KEY_FILE'),
  )
  const secretKeys = config.secretKeyFile ?? join(data, 'secret-keys.txt')
  const secrets = await orExplain(
    () => loadSecretKeys(secretKeys),
    (error) => explainSecretKeys(error, secretKeys),
  )
  const tokenKey = config.tokenKeyFile ?? join(data, 'token-key.pem')
  const tokens = await orExplain(
    () => loadTokenKeys(tokenKey),
    (error) => explainSigningKey(error, tokenKey, 'ORRERY_TOKEN_KEY_FILE'),
  )
  const first = await bootstrapInstallation(database, secrets, engine.now(), { newKey: config.newKey })
  /** Done once the caller has the first key. A start that fails before that withdraws the key, which can never be shown again. */
  const handover = { isDone: false }
  stops.push(async () => {
    if (!handover.isDone && first.key !== null) await withdrawKey(database, first.org, first.key, engine.now())
  })
  const perSecond = config.requestsPerSecond
  /** Without ORRERY_PUBLIC_URL, known only once the server listens. */
  const address = { url: config.publicUrl ?? '', people: config.publicUrl ?? '' }
  const core = createCore({
    database,
    engine,
    notifier: store.notifier,
    log,
    version: VERSION,
    publicUrl: () => address.url,
    oauth: () => oauthAddresses(address),
    audit,
    secrets,
    tokens,
    outsideAllow: config.outsideAllow,
    isMcpStdioAllowed: config.mcpStdio,
    rate: { perSecond, burst: perSecond * 2 },
    observeFirings: metrics.observeFirings,
    observeLateness: metrics.observeLateness,
    ...(config.smtpUrl === undefined || config.mailFrom === undefined
      ? {}
      : { mail: createSmtpTransport(config.smtpUrl, config.mailFrom) }),
    ...(config.redisUrl === undefined
      ? {}
      : { redis: { url: config.redisUrl, prefix: config.redisPrefix, lengthMax: config.redisLength } }),
  })
  stops.push(() => core.stop())
  await core.start()
  const maintain = (now: Date) => store.maintain({ now, retentionDays: config.retentionDays ?? null })
  const maintenance = maintainDaily({ maintain, now: () => engine.now(), log })
  stops.push(() => maintenance.stop())
  return { metrics, recentErrors, store, engine, database, first, handover, core, address }
}

function sandboxes({ sandbox, sandboxMemory, sandboxProcesses }: Config): { readonly hosts?: BundleHosts } {
  return sandbox === 'process' ? { hosts: containBundles({ memoryMb: sandboxMemory, processesMax: sandboxProcesses }) } : {}
}

type Product = Awaited<ReturnType<typeof openProduct>>

/** Deploys the project's workflows. Starts the worker if this process has that role. */
async function startWork(
  config: Config,
  log: Logger,
  stops: Stops,
  { engine, core, first }: Product,
  tell: TellNews,
): Promise<Worker | null> {
  const steps = createSwappableSteps()
  if (config.project !== undefined) {
    const deploy = deployProject(core, first.org)
    const folder = resolve(config.project)
    const onStray = (error: unknown) => log.error({ error: toFailure(error) }, 'nothing in the code of the project caught an error')
    const running = () => runProject({ folder, watch: config.watch, steps, deploy, tell, onStray })
    const project = await orExplain(running, (error) => explainProject(error, folder))
    stops.push(() => project.stop())
  }
  if (!config.roles.includes('worker')) return null
  const { queues, slots } = config
  const all = joinSteps(core.steps, steps)
  const worker = await engine.work({ steps: all, ...(queues === undefined ? {} : { queues }), ...(slots === undefined ? {} : { slots }) })
  stops.push(() => worker.stop({ graceMs: config.stopGraceMs }))
  return worker
}

function startScheduler(config: Config, stops: Stops, { core }: Product): void {
  if (!config.roles.includes('scheduler')) return
  core.clock.start()
  stops.push(() => core.clock.stop())
}

interface FaceParts extends Product {
  readonly worker: Worker | null
  readonly migrated: readonly AppliedMigration[]
}

/** Enough for a load balancer that looks every second or two, and for Kubernetes to take the process off its lists. */
const DRAIN_MS = 5000

/** Starts to listen. Returns the address. */
async function startFaces(config: Config, log: Logger, stops: Stops, parts: FaceParts): Promise<string> {
  const { address, core, database, engine, first, metrics, migrated, store, recentErrors, worker } = parts
  metrics.connect({
    depths: () => store.depths(),
    pools: () => [...database.pools(), ...store.pools()],
    violations: async () => [...(await store.violations()), ...(await listViolations(database))],
    ...(worker === null ? {} : { activeRuns: () => worker.activeRuns }),
  })
  const stopping = new AbortController()
  let stage: Stage = 'ready'
  const outages = collectOutages()
  const { host, maxBodyBytes, port } = config
  const backend = createBackend({
    core,
    log,
    metrics,
    maxBodyBytes,
    publicUrl: () => address.url,
    oauth: core.kernel.oauth,
    observeFailure: outages.observe,
  })
  const checks = createChecks({ database, depths: () => store.depths(), worker, recentErrors, outages, relay: core.relay, migrated })
  const app = createApp({
    backend,
    receiveWebhook: core.receiveWebhook,
    events: createEventFace(backend, core.events, { stopping: stopping.signal }),
    health: { stage: () => stage, checks, metrics: config.metrics },
    people: createPeopleFace({ kernel: core.kernel, firstOrg: first.org, url: () => address.people, providers: config }),
    mailbox: serveMailbox({ kernel: core.kernel, host }),
    hosts: config,
    answers: config.roles.includes('api'),
  })
  const listener = await orExplain(
    () => listen(app.fetch, host, port),
    (error) => explainListen(error, host, port),
  )
  address.url ||= listener.url
  // Browsers bind passkeys to names, not to addresses.
  address.people ||= ['127.0.0.1', '::1', 'localhost'].includes(host) ? `http://localhost:${listener.port}` : listener.url
  stops.push(() => listener.stop(config.stopGraceMs))
  // Open streams and waits would delay the listener's stop by the whole grace period, so end them first and admit no new ones.
  stops.push(async () => {
    stage = 'stopping'
    stopping.abort()
    engine.endWaits()
    await core.events.stop()
  })
  const drainMs = config.drainMs ?? (isLoopback(host) || !config.roles.includes('api') ? 0 : DRAIN_MS)
  stops.push(async () => {
    stage = 'draining'
    if (drainMs > 0) log.info({ drainMs }, 'no longer ready; requests are answered until load balancers have noticed')
    await pause(drainMs)
  })
  return listener.url
}

function observeAll(...observers: ((fact: EngineFact) => void)[]): (fact: EngineFact) => void {
  return (fact) => {
    for (const observe of observers) observe(fact)
  }
}
