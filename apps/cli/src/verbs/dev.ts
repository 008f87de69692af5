import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { nonEmpty, projectFile, readStored, writeConnection } from '../connection.ts'
import { followWork } from '../dev/follow-work.ts'
import { type ServerProcess, startServer } from '../dev/start-server.ts'
import { EXIT } from '../exit-codes.ts'
import { Exit, type Io, UsageError } from '../io.ts'
import { shown } from '../shown.ts'

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
  if (!existsSync(project)) throw new UsageError(`--project: there is no folder ${project}`)
  const say = (label: string, text: string) => io.out(shown`${io.style('dim', label.padEnd(9))} ${text}\n`)
  const deaths: number[] = []
  for (let first = true; !io.signal.aborted; first = false) {
    const server = startServer({
      io,
      project,
      data: flags.data,
      port: flags.port,
      verbose: flags.verbose === true,
      needsKey: storedKey(project) === null,
    })
    const stop = () => server.stop()
    io.signal.addEventListener('abort', stop, { once: true })
    const end = await superviseOne(io, server, project, say, first)
    io.signal.removeEventListener('abort', stop)
    if (io.signal.aborted) break
    if (!end.wasReady) throw new Exit(EXIT.failed)
    deaths.push(Date.now())
    if (deaths.filter((at) => at > Date.now() - 60_000).length > DEATHS_PER_MINUTE_MAX)
      throw new Error('the server keeps dying; show its log with --verbose')
    say('died', `${end.how}; restarting`)
  }
  say('stopped', `the database is in ${flags.data}; runs continue at the next start`)
}

function storedKey(project: string): string | null {
  return readStored(projectFile(project))?.key ?? null
}

/** Serves one server process until it exits: stores its key, prints its address and shows events. */
async function superviseOne(io: Io, server: ServerProcess, project: string, say: (label: string, text: string) => void, first: boolean) {
  const over = new AbortController()
  const ready = await server.ready
  let following: Promise<void> | null = null
  if (ready !== null) {
    const key = ready.key ?? storedKey(project)
    if (key !== null) writeConnection(projectFile(project), { url: ready.url, key })
    if (first) {
      say('server', `${ready.url}   docs at /docs, MCP at /mcp, process ${server.pid}`)
      say('key', `${relative(io.cwd, projectFile(project))}   other commands in this folder use it`)
    } else say('server', `${ready.url} is back, process ${server.pid}`)
    if (key !== null) following = followWork(io, { url: ready.url, key }, AbortSignal.any([over.signal, io.signal]), say)
  }
  const how = await server.exited
  over.abort()
  await following
  return { wasReady: ready !== null, how }
}
