import { accessSync, constants, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { nonEmpty, projectFile, readStored, writeConnection } from '../connection.ts'
import { createFollower, type Follower, followWork } from '../dev/follow-work.ts'
import { createScreen, type Screen } from '../dev/screen.ts'
import { showLogLine } from '../dev/show-log.ts'
import { showNews } from '../dev/show-news.ts'
import { type ServerProcess, startServer } from '../dev/start-server.ts'
import { EXIT } from '../exit-codes.ts'
import { Exit, type Io, UsageError } from '../io.ts'

interface DevFlags {
  readonly project: string
  readonly port: string
  readonly data: string
  readonly verbose?: boolean
}

/** If the server dies more often than this within a minute, `dev` stops restarting it. */
const DEATHS_PER_MINUTE_MAX = 5

export function addDev(root: Command, io: Io): void {
  root
    .command('dev')
    .summary('Run a server for the project in this folder')
    .description(
      'Runs a server with its own PostgreSQL for the project in this folder, ' +
        'deploys its workflows whenever a file changes, and shows what runs do. ' +
        'It writes a key to .orrery/, which other commands in this folder use. ' +
        'If the server dies, it is restarted and its runs continue.',
    )
    .option('--project <folder>', 'folder of the project', '.')
    .option('--port <number>', 'port of the server (or PORT)', nonEmpty(io.env.PORT) ?? '8787')
    .option(
      '--data <folder>',
      'folder of the database, relative to the project (or ORRERY_DATA)',
      nonEmpty(io.env.ORRERY_DATA) ?? '.orrery',
    )
    .option('--verbose', 'show the whole log of the server, not only warnings and errors')
    .action((flags: DevFlags) => dev(io, flags))
}

async function dev(io: Io, flags: DevFlags): Promise<void> {
  const project = resolve(io.cwd, flags.project)
  checkFolder(project)
  if (!/^\d{1,5}$/.test(flags.port) || Number(flags.port) > 65_535)
    throw new UsageError(`--port: expected a whole number from 0 to 65535, got "${flags.port}"`)
  const screen = createScreen(io)
  const follower = createFollower(screen, project)
  const deaths: number[] = []
  for (let first = true; !io.signal.aborted; first = false) {
    const server = startServer({
      io,
      project,
      data: flags.data,
      port: flags.port,
      verbose: flags.verbose === true,
      needsKey: storedKey(project) === null,
      onLog: (line) => showLogLine(screen, line),
      onNews: (news) => showNews(screen, news, follower.nameOf),
    })
    const stop = () => server.stop()
    io.signal.addEventListener('abort', stop, { once: true })
    const end = await superviseOne(io, server, project, { screen, follower, first })
    io.signal.removeEventListener('abort', stop)
    if (io.signal.aborted) break
    if (!end.wasReady) throw new Exit(EXIT.failed)
    deaths.push(Date.now())
    if (deaths.filter((at) => at > Date.now() - 60_000).length > DEATHS_PER_MINUTE_MAX)
      throw new Error('the server keeps dying; show its log with --verbose')
    screen.say('died', `${end.how}; restarting`)
  }
  screen.say('stopped', `the database is in ${flags.data}; runs continue at the next start`)
}

/** Throws UsageError if the folder cannot be served, before anything is made. */
function checkFolder(project: string): void {
  const stats = statSync(project, { throwIfNoEntry: false })
  if (stats === undefined) throw new UsageError(`--project: there is no folder ${project}`)
  if (!stats.isDirectory()) throw new UsageError(`--project: ${project} is not a folder`)
  try {
    accessSync(project, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new UsageError(`--project: this user may not read and write ${project} (${(error as NodeJS.ErrnoException).code})`)
  }
}

function storedKey(project: string): string | null {
  return readStored(projectFile(project))?.key ?? null
}

interface View {
  readonly screen: Screen
  readonly follower: Follower
  /** The first server of this command. */
  readonly first: boolean
}

/** Serves one server process until it exits: stores its key, prints its address and shows what happens. */
async function superviseOne(io: Io, server: ServerProcess, project: string, { screen, follower, first }: View) {
  const { say } = screen
  const over = new AbortController()
  const ready = await server.ready
  let following: Promise<void> | null = null
  if (ready !== null) {
    const key = ready.key ?? storedKey(project)
    if (key !== null) writeConnection(projectFile(project), { url: ready.url, key })
    if (first) {
      say('server', `${ready.url}   docs at /docs, MCP at /mcp, process ${server.pid}`)
      say('key', `${relative(io.cwd, projectFile(project))}   other commands in this folder use it`)
      if (ready.setup !== null) say('account', `${ready.setup}   makes yours in the browser; good once, for an hour`)
    } else say('server', `${ready.url} is back, process ${server.pid}`)
    if (key !== null) following = followWork({ url: ready.url, key }, AbortSignal.any([over.signal, io.signal]), follower, screen)
  }
  const how = await server.exited
  over.abort()
  await following
  return { wasReady: ready !== null, how }
}
