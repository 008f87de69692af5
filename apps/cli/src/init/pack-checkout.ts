import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { runProgram } from './run-program.ts'

/** A lock older than this belongs to a build that makes no progress. */
const LOCK_STALE_MS = 10 * 60_000

/**
 * Packs the packages of the checkout as npm would publish them, and returns their folder. Packs again only after one of their
 * files has changed. Throws the reason of the signal when it is aborted, after what it had begun has ended.
 */
export async function packCheckout(checkout: string, say: (text: string) => void, signal: AbortSignal): Promise<string> {
  const cache = join(checkout, 'node_modules/.cache/orrery-pack')
  const target = join(cache, hashSources(checkout))
  if (existsSync(target)) return target
  return await withLock(join(cache, 'lock'), signal, async () => {
    if (existsSync(target)) return target
    say('packing the packages of this checkout …')
    const draft = `${target}.draft`
    const args = ['--conditions=orrery-source', join(checkout, 'tools/pack.ts'), draft]
    const { status, stdout, stderr } = await runProgram(process.execPath, args, { cwd: checkout, signal })
    if (status !== 0) throw new Error(`the packages of this checkout cannot be packed\n${stdout}${stderr}`)
    renameSync(draft, target)
    return target
  })
}

/** Hashes the names and contents of all files that go into the packages. */
function hashSources(checkout: string): string {
  const hash = createHash('sha256')
  const files = globSync(
    [
      '{packages,apps}/*/{package.json,bin,src,migrations,templates,assets}',
      'examples',
      'tools/{build,pack,workspaces}.ts',
      'tsconfig.json',
    ].flatMap((path) => [path, `${path}/**`]),
    {
      cwd: checkout,
      exclude: (name) => name === 'node_modules' || name === 'dist',
    },
  )
  for (const file of [...new Set(files)].sort()) {
    const path = join(checkout, file)
    if (statSync(path).isFile()) hash.update(`${file}\0`).update(readFileSync(path)).update('\0')
  }
  return hash.digest('hex').slice(0, 24)
}

/** Runs `work` under a lock for this machine, because the build writes into the packages' own `dist` folders. */
async function withLock<T>(lock: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  mkdirSync(join(lock, '..'), { recursive: true })
  while (!take(lock)) {
    if (isStale(lock)) rmSync(lock, { recursive: true, force: true })
    else await pause(200, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

/** Whether the process that took the lock has died, or its build makes no progress. */
function isStale(lock: string): boolean {
  const found = statSync(lock, { throwIfNoEntry: false })
  if (found === undefined) return false
  // Before it held the id of a process, the lock was a folder.
  if (Date.now() - found.mtimeMs > LOCK_STALE_MS || found.isDirectory()) return true
  const pid = Number(readFileSync(lock, 'utf8'))
  // It has just been made.
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
