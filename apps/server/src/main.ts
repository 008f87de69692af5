import { once } from 'node:events'
import { setSourceMapsSupport } from 'node:module'
import { containStray } from '@orrery/engine'
import { attachParent, tellParent } from './attach-parent.ts'
import { CannotStart } from './cannot-start.ts'
import { startServer } from './compose.ts'
import { asksFor, BadSetting, type Config, readConfig, unknownSettings } from './config.ts'
import { describeFlags } from './describe-flags.ts'
import { listenForStop } from './listen-for-stop.ts'
import { createLogger, type Logger, passwordsOf } from './observe/logger.ts'
import { VERSION } from './version.ts'

/** The binary: `orrery-server [flags]`. Exits the process when a stop is requested or the start fails. */
export async function main(args: readonly string[]): Promise<void> {
  if (asksFor('help', args)) return console.log(describeFlags(process.stdout.columns))
  if (asksFor('version', args)) return console.log(VERSION)
  let config: Config
  try {
    config = readConfig(process.env, args)
  } catch (error) {
    if (!(error instanceof BadSetting)) throw error
    console.error(error.message)
    process.exitCode = 1
    return
  }
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat ?? (process.stderr.isTTY ? 'pretty' : 'json'),
    secrets: [
      ...[config.databaseUrl, config.redisUrl].flatMap(passwordsOf),
      ...[config.githubClientSecret, config.oidcClientSecret].filter((secret) => secret !== undefined),
    ],
  })
  for (const name of unknownSettings(process.env)) log.warn(`${name} is not a setting of the server; --help lists them`)
  exitOnUncaughtError(log)
  // Without a listener this signal opens a debugger: the whole server, for every program of the same user, and so for code that got out of
  // the process of its bundle. `--inspect` opens one at the start.
  if (process.platform !== 'win32') process.on('SIGUSR1', () => undefined)
  // Stacks of steps then show the author's files and lines.
  if (config.project !== undefined) setSourceMapsSupport(true, { nodeModules: false, generatedCode: false })
  process.exit(await serve(config, log))
}

/** Runs the server from start to stop. A stop may be requested at any moment. Returns the exit code. */
async function serve(config: Config, log: Logger): Promise<number> {
  const stop = listenForStop(log)
  try {
    const starting = startServer(config, log, stop.asked, tellParent())
    attachParent(starting, stop)
    const running = await starting
    console.log(running.describe(process.stdout))
    // For an operator who sees only the log.
    if (!process.stdout.isTTY) log.info({ url: running.url, roles: config.roles }, 'the server is ready')
    if (!stop.asked.aborted) await once(stop.asked, 'abort')
    await running.stop()
    log.info('stopped')
    return 0
  } catch (error) {
    if (stop.asked.aborted) {
      log.info('stopped before it was ready')
      return 0
    }
    if (error instanceof CannotStart) log.fatal(error.detail === undefined ? {} : { error: { message: error.detail } }, error.message)
    else log.fatal({ error }, 'the server could not start')
    return 1
  }
}

/**
 * An error that the code of a step or of the project lets escape belongs to that code. After any other, the state of the process is unknown,
 * so it exits; another worker, or the next start, continues its runs. Logs through the logger, which redacts secrets.
 */
function exitOnUncaughtError(log: Logger): void {
  const die = (error: unknown): void => {
    if (containStray(error)) return
    log.fatal({ error }, 'uncaught error')
    process.exit(1)
  }
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
}

if (import.meta.main) await main(process.argv.slice(2))
