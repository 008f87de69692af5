import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A lock older than this belongs to a build that has died. */
const LOCK_STALE_MS = 10 * 60_000

/**
 * Packs the packages of the checkout as npm would publish them, and returns their folder. Packs again only after one of their
 * files has changed.
 */
export function packCheckout(checkout: string, say: (text: string) => void): string {
  const cache = join(checkout, 'node_modules/.cache/orrery-pack')
  const target = join(cache, hashSources(checkout))
  if (existsSync(target)) return target
  return withLock(join(cache, 'lock'), () => {
    if (existsSync(target)) return target
    say('packing the packages of this checkout …')
    const draft = `${target}.draft`
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=orrery-source', join(checkout, 'tools/pack.ts'), draft], {
      cwd: checkout,
      encoding: 'utf8',
    })
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
function withLock<T>(lock: string, work: () => T): T {
  mkdirSync(join(lock, '..'), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
      if (age > LOCK_STALE_MS) rmSync(lock, { recursive: true, force: true })
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    }
  }
  try {
    return work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}
