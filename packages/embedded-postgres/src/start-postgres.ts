import { mkdirSync, renameSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { clearLeftovers } from './clear-leftovers.ts'
import { type Cluster, openCluster, superuser } from './cluster.ts'
import { lockFolder } from './folder-lock.ts'
import { startPostmaster } from './postmaster.ts'
import { type Address, chooseAddress, connectionUrl, type Settings } from './settings.ts'
import { type ExitReason, supervise } from './supervise.ts'

export interface StartOptions {
  /** Created if absent. Contains everything of the database; only one server at a time may use it. */
  readonly dataDir: string
  /** TCP port on 127.0.0.1. Default: a Unix socket inside the data folder, or a free port if that is not possible. */
  readonly port?: number
  readonly log?: (message: string) => void
  /** Server settings that override the defaults, by their PostgreSQL names. */
  readonly settings?: Settings
  /** Aborts the start: stops what has been started and throws the signal's reason. Has no effect after the start. */
  readonly signal?: AbortSignal
}

export interface EmbeddedPostgres {
  /** Role `orrery` (may create roles, not a superuser) on its database `orrery`. */
  readonly url: string
  /** The superuser on the same database. */
  readonly adminUrl: string
  /** Undefined if the server listens on TCP. */
  readonly socketDir: string | undefined
  readonly port: number
  /** Of the current process; it changes after a restart. */
  readonly pid: number
  /** Fast shutdown; the folder is free afterwards. May be called twice. */
  stop(): Promise<void>
  /** Called once, when PostgreSQL has died too often to be restarted. */
  onExit(listener: (reason: ExitReason) => void): void
}

const LOG_BYTES_MAX = 16 * 1024 * 1024

/** Starts a real PostgreSQL on its own data folder, as root or as another user. Throws `FolderInUse` if a live process uses the folder. */
export async function startPostgres(options: StartOptions): Promise<EmbeddedPostgres> {
  const folder = resolve(options.dataDir)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lock = lockFolder(folder)
  try {
    return await startLocked(folder, options, lock.release)
  } catch (cause) {
    lock.release()
    throw cause
  }
}

async function startLocked(folder: string, options: StartOptions, release: () => void): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined)
  rotateLog(join(folder, 'postgres.log'))
  const cluster = await openCluster(folder)
  options.signal?.throwIfAborted()
  const address = await chooseAddress(cluster.data, options.port)
  const start = async (signal?: AbortSignal) => {
    await clearLeftovers(cluster, log)
    return await startPostmaster(cluster, address, options.settings ?? {}, signal)
  }
  const first = await start(options.signal)
  try {
    await provision(connectionUrl(address, superuser, cluster.secret.adminPassword, 'postgres'), cluster.secret.password)
    options.signal?.throwIfAborted()
  } catch (cause) {
    await first.stop()
    throw cause
  }
  const supervision = supervise(first, start, log)
  return {
    ...describe(cluster, address),
    get pid() {
      return supervision.pid()
    },
    stop: () => supervision.stop().then(release),
    onExit: supervision.onExit,
  }
}

function describe(cluster: Cluster, address: Address): Pick<EmbeddedPostgres, 'url' | 'adminUrl' | 'socketDir' | 'port'> {
  return {
    url: connectionUrl(address, appRole, cluster.secret.password, appDatabase),
    adminUrl: connectionUrl(address, superuser, cluster.secret.adminPassword, appDatabase),
    socketDir: address.kind === 'socket' ? address.folder : undefined,
    port: address.port,
  }
}

/** The server writes little to its log; this bounds it over years. */
function rotateLog(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > LOG_BYTES_MAX) renameSync(file, `${file}.1`)
}

/** The role and the database of Orrery. The role is not a superuser, but may create the group roles that the migrations need. */
const appRole = 'orrery'
const appDatabase = 'orrery'

/** Runs at every start, so that a kill during the first start leaves nothing incomplete. `adminUrl` connects as a superuser. */
async function provision(adminUrl: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  // If the server dies, the query in progress fails; without a listener, the additional event would end this process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const role = await client.query('select from pg_roles where rolname = $1', [appRole])
    if (role.rowCount === 0) await client.query(`create role ${appRole} login createrole password ${client.escapeLiteral(password)}`)
    const database = await client.query('select from pg_database where datname = $1', [appDatabase])
    if (database.rowCount === 0) await client.query(`create database ${appDatabase} owner ${appRole}`)
  } finally {
    await client.end()
  }
}
