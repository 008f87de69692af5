import { join, resolve } from 'node:path'
import { auditCompanion, bootstrapInstallation, coreMigrations, createCore, createDatabase, listViolations } from '@orrery/core'
import { type EmbeddedPostgres, startPostgres } from '@orrery/embedded-postgres'
import { createEngine, type EngineFact, type Worker } from '@orrery/engine'
import { createPostgresStore, engineMigrations, migrate } from '@orrery/engine/postgres'
import { createApp } from './app.ts'
import type { Config } from './config.ts'
import { createBackend } from './create-backend.ts'
import { describeStart } from './describe-start.ts'
import { createEventFace } from './events/stream-events.ts'
import { isLoopback } from './http/check-host.ts'
import { listen } from './http/listen.ts'
import { keepAuditKey } from './keep-audit-key.ts'
import { maintainDaily } from './maintain-daily.ts'
import { createChecks, rememberTroubles } from './observe/check-health.ts'
import type { Logger } from './observe/logger.ts'
import { createMetrics } from './observe/metrics.ts'
import { readDepths } from './observe/read-depths.ts'
import { deployProject } from './project/deploy-project.ts'
import { runProject } from './project/run-project.ts'
import { createSwappableSteps } from './project/swappable-steps.ts'
import { VERSION } from './version.ts'

export interface Running {
  /** Where it listens, without a slash at the end. */
  readonly url: string
  /** The first admin key, if this start made one. */
  readonly adminKey: string | null
  /** UUID of the installation's first organization. */
  readonly org: string
  /** What to tell the person who started it. */
  describe(): string
  /** Takes no more requests, lets those in progress and step bodies end, hands runs on, stops its PostgreSQL. */
  stop(): Promise<void>
}

/** Starts everything in order; what has started is stopped in the opposite one, also when a later part fails to start. */
export async function startServer(config: Config, log: Logger): Promise<Running> {
  const stops: (() => Promise<unknown> | unknown)[] = []
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.splice(0).reverse()) {
      try {
        await stop()
      } catch (error) {
        log.error({ error }, 'a part did not stop in order')
      }
    }
  }
  try {
    return await start(config, log, stops, stopAll)
  } catch (error) {
    await stopAll()
    throw error
  }
}

async function start(
  config: Config,
  log: Logger,
  stops: (() => Promise<unknown> | unknown)[],
  stopAll: () => Promise<void>,
): Promise<Running> {
  const data = resolve(config.data)
  const postgres = config.databaseUrl === undefined ? await startEmbedded(data, log) : null
  if (postgres) stops.push(() => postgres.stop())
  const url = config.databaseUrl ?? postgres?.url ?? ''
  const migrated = await migrate(url, [engineMigrations, coreMigrations])
  if (migrated.length > 0) log.info({ applied: migrated.map(({ set, version }) => `${set} ${version}`) }, 'the database is migrated')

  const metrics = createMetrics()
  const troubles = rememberTroubles()
  const store = createPostgresStore({ url, companions: { [auditCompanion.table]: auditCompanion } })
  const engine = createEngine({
    store,
    notifier: store.notifier,
    version: VERSION,
    observe: observeAll(metrics.observe, troubles.observe, tell(log)),
  })
  stops.push(() => engine.close())
  const database = createDatabase({ url, onIdleError: (error) => log.warn({ error }, 'a connection to the database broke') })
  stops.push(() => database.close())
  const first = await bootstrapInstallation(database, { newKey: config.newKey })
  const audit = keepAuditKey(config.auditKeyFile ?? join(data, 'audit-key.pem'))
  const core = createCore({ database, engine, notifier: store.notifier, log, version: VERSION, audit })
  stops.push(() => core.stop())
  core.start()
  const maintenance = maintainDaily({
    maintain: (now) => store.maintain({ now, retentionDays: config.retentionDays ?? null }),
    now: () => engine.now(),
    log,
  })
  stops.push(() => maintenance.stop())

  const steps = createSwappableSteps()
  if (config.project !== undefined) {
    const deploy = deployProject(core, first.org)
    const project = await runProject({ folder: resolve(config.project), watch: config.watch, steps, deploy, log })
    stops.push(() => project.stop())
  }
  let worker: Worker | null = null
  if (config.roles.includes('worker')) {
    const { queues, slots } = config
    worker = await engine.work({ steps, ...(queues === undefined ? {} : { queues }), ...(slots === undefined ? {} : { slots }) })
    stops.push(() => worker?.stop({ graceMs: config.stopGraceMs }))
  }
  metrics.connect({
    depths: () => readDepths(database),
    violations: async () => [...(await store.violations()), ...(await listViolations(database))],
    ...(worker === null ? {} : { activeRuns: () => worker?.activeRuns ?? 0 }),
  })

  let accepting = true
  let shownUrl = config.publicUrl
  const backend = createBackend({ core, log, metrics, maxBodyBytes: config.maxBodyBytes, publicUrl: () => shownUrl ?? '' })
  const checks = createChecks({ database, worker: () => worker, wantsWorker: worker !== null, troubles, migrated })
  const app = createApp({
    backend,
    events: createEventFace(backend, core.events),
    health: { accepting: () => accepting, checks, metrics: config.metrics },
    hosts: config,
    answers: config.roles.includes('api'),
  })
  const listener = await listen(app.fetch, config.host, config.port)
  shownUrl ??= listener.url
  stops.push(() => listener.stop(config.stopGraceMs))
  // Streams never end by themselves; they would hold the listener for the whole grace.
  stops.push(() => core.events.stop())
  stops.push(() => {
    accepting = false
  })
  const told = { url: shownUrl, config, data, embedded: postgres !== null, first, exposed: !isLoopback(config.host) }
  return { url: listener.url, adminKey: first.secret, org: first.org, describe: () => describeStart(told), stop: stopAll }
}

async function startEmbedded(data: string, log: Logger): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres({ dataDir: join(data, 'postgres'), log: (message) => log.info(`PostgreSQL: ${message}`) })
  postgres.onExit((reason) => {
    log.fatal({ reason }, 'PostgreSQL does not stay up; the server ends')
    process.exit(1)
  })
  return postgres
}

function observeAll(...observers: ((fact: EngineFact) => void)[]): (fact: EngineFact) => void {
  return (fact) => {
    for (const observe of observers) observe(fact)
  }
}

/** What an operator should read about; the rest is figures. */
function tell(log: Logger): (fact: EngineFact) => void {
  return (fact) => {
    if (fact.type === 'trouble') log.warn({ error: fact.error, where: fact.where }, 'the engine met an error and goes on')
    if (fact.type === 'blocked') log.warn({ run: fact.run, workflow: fact.workflow, reason: fact.reason }, 'a run is blocked')
    if (fact.type === 'lost') log.warn({ cause: fact.cause, runs: fact.runs }, 'the worker lost its registration and takes a new one')
    if (fact.type === 'reaped' && fact.runs > 0) log.info({ runs: fact.runs }, 'runs of a silent worker were taken back')
  }
}
