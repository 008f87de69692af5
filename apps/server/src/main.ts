import { attachParent } from './attach-parent.ts'
import { type Running, startServer } from './compose.ts'
import { asksFor, BadSetting, describeSettings, readConfig, unknownSettings } from './config.ts'
import { createLogger, type Logger, passwordsOf } from './observe/logger.ts'
import { VERSION } from './version.ts'

/** The binary: `orrery-server [flags]`. Ends the process only through its exit code, so that a test can call it. */
export async function main(args: readonly string[]): Promise<void> {
  if (asksFor('help', args)) return console.log(`orrery-server [flags]\n\n${describeSettings()}`)
  if (asksFor('version', args)) return console.log(VERSION)
  let config: ReturnType<typeof readConfig>
  try {
    config = readConfig(process.env, args)
  } catch (error) {
    if (!(error instanceof BadSetting)) throw error
    console.error(error.message)
    process.exitCode = 2
    return
  }
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat ?? (process.stderr.isTTY ? 'pretty' : 'json'),
    secrets: passwordsOf(config.databaseUrl),
  })
  for (const name of unknownSettings(process.env)) log.warn(`${name} is not a setting of the server; --help lists them`)
  dieLoudly(log)
  try {
    const starting = startServer(config, log)
    attachParent(starting)
    const running = await starting
    stopOnSignal(running, log)
    if (process.connected) process.send?.({ type: 'ready', url: running.url, key: running.adminKey })
    else console.log(running.describe())
  } catch (error) {
    log.fatal({ error }, 'the server could not start')
    process.exit(1)
  }
}

/** The first signal stops in order; whoever sends a second one is in a hurry. So does a parent process (`orrery dev`) that goes away. */
function stopOnSignal(running: Running, log: Logger): void {
  let stopping = false
  const stop = (signal: string): void => {
    if (stopping) process.exit(130)
    stopping = true
    log.info(`${signal}: stopping; once more to stop at once`)
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.fatal({ error }, 'the stop failed')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => stop('SIGINT'))
  process.on('disconnect', () => stop('disconnect'))
}

/** Through the logger, which knows what is secret. The process is in no known state, so it ends; its runs go on elsewhere or later. */
function dieLoudly(log: Logger): void {
  const die = (error: unknown): void => {
    log.fatal({ error }, 'an error that nobody caught')
    process.exit(1)
  }
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
}

if (import.meta.main) await main(process.argv.slice(2))
