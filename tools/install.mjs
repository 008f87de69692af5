/**
 * What runs before anything is installed: plain JavaScript for Node 20, no imports but Node's own.
 * Installing brings Node 24, on which everything else runs.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = join(root, 'node_modules', '.bin')
const isWindows = process.platform === 'win32'

/** Node 24, as the npm package `node` brought it. */
export const node = isWindows ? join(root, 'node_modules', 'node', 'bin', 'node.exe') : join(bin, 'node')

/** The environment in which `node` and the other installed commands are found first. */
export const environment = { ...process.env, PATH: `${bin}${isWindows ? ';' : ':'}${process.env.PATH ?? ''}` }

/** Installs what the lockfile names, if that is not what is there. Takes milliseconds if it is. */
export function install() {
  if (existsSync(node) && isInstalled()) return
  console.error('Installing (npm ci) …')
  const npm = process.env.npm_execpath
  const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : [isWindows ? 'npm.cmd' : 'npm', []]
  const result = spawnSync(command, [...args, 'ci', '--loglevel=error'], { cwd: root, stdio: 'inherit', shell: isWindows })
  if (result.status !== 0) {
    console.error('npm ci failed: see above')
    process.exit(result.status ?? 1)
  }
}

/** Compares the lockfile with npm's own record of what it installed. Packages for other platforms are in the first only. */
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

/** Runs a command in the checkout to its end; its output goes where ours goes. */
export function run(command, args) {
  return spawnSync(command, args, { cwd: root, env: environment, stdio: 'inherit', shell: isWindows && command !== node }).status ?? 1
}

/** Becomes, as far as Node can, the given program: its signals, its exit code. */
export function become(args) {
  const child = spawn(node, args, { stdio: 'inherit', env: environment })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to parent and child alike: passing it on would make it two.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    // It died of a signal before it could handle one: so do we, and whoever started us sees the same.
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
