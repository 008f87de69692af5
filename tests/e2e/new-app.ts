import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'

const root = join(import.meta.dirname, '../..')
const runFile = promisify(execFile)

export interface Finished {
  readonly status: number
  readonly out: string
  readonly err: string
}

/** A project that `orrery init` created in a folder outside of the checkout. */
export interface App {
  readonly folder: string
  orrery(args: readonly string[]): Promise<Finished>
  /** Starts an `orrery` command in the background. `text` returns everything that it has printed so far. */
  spawn(args: readonly string[], more?: Environment): Spawned
  /** Starts a script of the app in the background, with the app's own Node. */
  spawnScript(file: string, more?: Environment): Spawned
  npm(args: readonly string[]): Promise<Finished>
  remove(): void
}

type Environment = Readonly<Record<string, string>>

export interface Spawned {
  readonly pid: number
  readonly text: () => string
  readonly exited: Promise<number | null>
  kill(signal: NodeJS.Signals): void
}

/**
 * The user's npm settings. A stalled download is retried after 30 seconds instead of npm's five minutes, and cached packages are not
 * fetched again.
 */
const NPM_SETTINGS = `fetch-timeout=30000\nfetch-retries=5\nprefer-offline=true\ncache=${join(process.env.HOME ?? tmpdir(), '.npm')}\n`

/** `orrery init` packs the checkout and installs packages, and npm may be slow. */
const INIT_MS = 240_000

export async function newApp(...flags: readonly string[]): Promise<App> {
  const parent = mkdtempSync(join(tmpdir(), 'orrery-e2e-'))
  const folder = join(parent, 'my-app')
  writeFileSync(join(parent, '.npmrc'), NPM_SETTINGS)
  const env = userEnvironment(parent)
  const made = await finish(
    runFile(join(root, 'node_modules/.bin/orrery'), ['init', 'my-app', ...flags], { cwd: parent, env, timeout: INIT_MS }),
  )
  if (made.status !== 0) throw new Error(`orrery init failed, or took longer than ${INIT_MS} ms\n${made.out}${made.err}`)
  // Like `npx orrery`: the app's own binaries, including its Node, come first.
  const inApp = { ...env, PATH: `${join(folder, 'node_modules/.bin')}${delimiter}${env.PATH}` }
  const command = join(folder, 'node_modules/.bin/orrery')
  const options = { cwd: folder, env: inApp, maxBuffer: 256 * 1024 * 1024 }
  return {
    folder,
    orrery: (args) => finish(runFile(command, args, options)),
    npm: (args) => finish(runFile('npm', args, options)),
    spawn: (args, more) => begin(command, args, folder, { ...inApp, ...more }),
    spawnScript: (file, more) => begin(join(folder, 'node_modules/.bin/node'), [file], folder, { ...inApp, ...more }),
    remove: () => rmSync(parent, { recursive: true, force: true }),
  }
}

function begin(command: string, args: readonly string[], cwd: string, env: Record<string, string | undefined>): Spawned {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return { pid: child.pid ?? 0, text: () => text, exited, kill: (signal) => void child.kill(signal) }
}

async function finish(running: Promise<{ stdout: string; stderr: string }>): Promise<Finished> {
  try {
    const { stdout, stderr } = await running
    return { status: 0, out: stripVTControlCharacters(stdout), err: stripVTControlCharacters(stderr) }
  } catch (error) {
    if (!(error instanceof Error) || !('stdout' in error) || !('code' in error)) throw error
    return {
      status: typeof error.code === 'number' ? error.code : 1,
      out: String(error.stdout),
      err: 'stderr' in error ? String(error.stderr) : '',
    }
  }
}

/** The environment of a user's shell: its own home, and no variables of the checkout, npm or the test runner. */
function userEnvironment(home: string): Record<string, string | undefined> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|vitest|orrery_|node_|init_cwd|database_url|port$)/i.test(name)),
  )
  const path = (process.env.PATH ?? '').split(delimiter).filter((part) => !part.startsWith(root))
  return {
    ...env,
    HOME: home,
    PATH: path.join(delimiter),
    XDG_CONFIG_HOME: undefined,
  }
}

export function readConnection(app: App): { readonly url: string; readonly key: string } {
  return JSON.parse(readFileSync(join(app.folder, '.orrery/connection.json'), 'utf8')) as { url: string; key: string }
}
