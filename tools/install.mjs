/**
 * Runs before anything is installed, so it is plain JavaScript for Node 20 and imports only Node's own modules.
 * The installation brings Node 24, on which everything else runs.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = join(root, 'node_modules', '.bin')
const isWindows = process.platform === 'win32'

/** The path of Node 24, which the npm package `node` installs. */
export const node = isWindows ? join(root, 'node_modules', 'node', 'bin', 'node.exe') : join(bin, 'node')

/** An environment with the installed commands, including `node`, first in PATH. */
export const environment = { ...process.env, PATH: `${bin}${isWindows ? ';' : ':'}${process.env.PATH ?? ''}` }

/** Runs `npm ci` unless the packages of the lockfile are already installed. That check takes milliseconds. */
export async function install() {
  if (existsSync(node) && isInstalled()) return
  const begun = performance.now()
  const elapsed = () => `${((performance.now() - begun) / 1000).toFixed(0)} s`
  const isTerminal = process.stderr.isTTY === true
  const draw = (rest) => process.stderr.write(`${isTerminal ? '\r\u001b[K' : ''}Installing (npm ci) … ${rest}`)
  draw(isTerminal ? '' : '\n')
  const clock = isTerminal ? setInterval(() => draw(elapsed()), 1_000) : undefined
  const { status, said } = await runNpmCi()
  clearInterval(clock)
  draw(status === 0 ? `done in ${elapsed()}\n` : `failed after ${elapsed()}\n`)
  if (status === 0) return
  console.error(describeFailure(said))
  process.exit(status ?? 1)
}

/** With pauses of 1 s and 5 s between attempts of a download; npm's own are 10 s and 60 s. */
async function runNpmCi() {
  const npm = process.env.npm_execpath
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : [isWindows ? 'npm.cmd' : 'npm', []]
  const flags = ['ci', '--loglevel=error', '--no-progress', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
  const child = spawn(command, [...args, ...flags], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], shell: isWindows })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { status, said }
}

/** npm reports a fault of the network with a stack of its own code. A sentence says more. */
function describeFailure(said) {
  const [, address, reason] = /request to (\S+) failed, reason: (.*)/.exec(said) ?? []
  if (address === undefined) return `${said.trim()}\nnpm ci failed: see above`
  return `npm cannot reach ${new URL(address).origin}: ${reason}. Check the network, the proxy and \`npm config get registry\`, then try again.`
}

/** Compares the lockfile with npm's record of installed packages. Optional packages for other platforms are only in the lockfile. */
function isInstalled() {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = readPackages(record)
  return Object.entries(readPackages(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    if (path === '') return true
    const found = installed[path]
    if (!found) return wanted.optional === true
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

const readPackages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages

/** Runs a command in the checkout, with this process's output, and returns its exit status. */
export function run(command, args) {
  return spawnSync(command, args, { cwd: root, env: environment, stdio: 'inherit', shell: isWindows && command !== node }).status ?? 1
}

/** Replaces this process by Node with the given arguments, as far as Node can: forwards signals and exits with the same code. */
export function become(args) {
  const child = spawn(node, args, { stdio: 'inherit', env: environment })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both parent and child. Forwarding it would signal the child twice.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    // A signal killed the child. End this process by the same signal, so that its parent sees the same result.
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
