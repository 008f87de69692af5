import { type FSWatcher, readdirSync, readFileSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'

/** Packages and files of tools, wherever they are. */
const NEVER = /^(node_modules|\..*)$/
/** Output, directly in the project. */
const OUTPUT = /^(dist|build|out|coverage|vendor)$/
/** What can be part of a workflow or a step. */
const CODE = /^[^.].*\.([cm]?[jt]sx?|json)$/
/** Package managers write one of these when an installation is complete. */
const INSTALLED = /^\.(package-lock\.json|modules\.yaml|yarn-state\.yml)$/

/** A change is reported after this much quiet: editors write a file in several steps, and switching branches changes many files at once. */
const QUIET_MS = 120

/** Each folder takes a watch, of which the system has a limited number. */
const FOLDERS_MAX = 2000

export interface FolderWatch {
  /** False if the project has more folders than are watched, or than the system can watch. */
  readonly isComplete: boolean
  stop(): void
}

/**
 * Calls `changed` once after each burst of changes to the project's own files, and never while the previous call is still running. Watches
 * each folder of the project, but not those of packages, output and tools. Of the packages it notices that an installation is complete.
 */
export function watchFolder(root: string, changed: () => Promise<void>): FolderWatch {
  const work = inTurns(changed)
  const watchers = new Map<string, FSWatcher>()
  let isComplete = true
  let patterns = readPatterns(root)

  const forget = (folder: string): void => {
    for (const [path, watcher] of watchers) {
      if (path !== folder && !path.startsWith(join(folder, '/'))) continue
      watchers.delete(path)
      watcher.close()
    }
  }
  const watchOne = (folder: string, notice: (name: string) => void): boolean => {
    if (watchers.has(folder)) return false
    if (watchers.size >= FOLDERS_MAX) isComplete = false
    else {
      try {
        const watcher = watch(folder, { persistent: false }, (_, name) => name !== null && notice(name))
        watchers.set(folder, watcher)
        // The folder was deleted.
        watcher.on('error', () => forget(folder))
      } catch (error) {
        // It was deleted, or is not there yet. Any other error: the system has no more watches.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
        isComplete = false
      }
    }
    return true
  }
  /** Watches the folder and those in it. True if there is code in one that was not watched before. */
  const watchTree = (folder: string): boolean => {
    if (!watchOne(folder, (name) => notice(folder, name))) return false
    const entries = orNull(() => readdirSync(folder, { withFileTypes: true })) ?? []
    return entries
      .map((entry) =>
        entry.isDirectory() && isOwn(root, folder, entry.name) ? watchTree(join(folder, entry.name)) : CODE.test(entry.name),
      )
      .includes(true)
  }
  const watchPackages = () => watchOne(join(root, 'node_modules'), (name) => INSTALLED.test(name) && work.ask())
  const notice = (folder: string, name: string): void => {
    const path = join(folder, name)
    if (folder === root && name === 'node_modules') {
      forget(path)
      watchPackages()
    } else if (folder === root && /^package(-lock)?\.json$/.test(name)) {
      const before = patterns
      patterns = readPatterns(root)
      // An installation writes this file before the packages are there.
      if (patterns !== before) work.ask()
    } else if (isOwn(root, folder, name)) {
      const [isFolder, wasFolder] = [orNull(() => statSync(path))?.isDirectory() === true, watchers.has(path)]
      if (wasFolder && !isFolder) forget(path)
      if (isFolder ? watchTree(path) : wasFolder || CODE.test(name)) work.ask()
    }
  }
  watchTree(root)
  watchPackages()
  return {
    get isComplete() {
      return isComplete
    },
    stop: () => {
      work.stop()
      forget(root)
    },
  }
}

function isOwn(root: string, folder: string, name: string): boolean {
  return !NEVER.test(name) && !(folder === root && OUTPUT.test(name))
}

/** Runs `work` after a quiet time for any number of requests, one run at a time. */
function inTurns(work: () => Promise<void>): { ask(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let working: Promise<void> | null = null
  let again = false
  let stopped = false
  const run = (): void => {
    if (stopped) return
    if (working !== null) {
      again = true
      return
    }
    working = work().finally(() => {
      working = null
      if (!again) return
      again = false
      run()
    })
  }
  return {
    ask: () => {
      clearTimeout(timer)
      timer = setTimeout(run, QUIET_MS)
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** Which files package.json names as workflows, as text. */
function readPatterns(root: string): string {
  const text = orNull(() => readFileSync(join(root, 'package.json'), 'utf8'))
  const manifest = text === null ? null : orNull(() => JSON.parse(text) as { orrery?: unknown } | null)
  return JSON.stringify(manifest?.orrery ?? null)
}

/** Null if it fails: a file may vanish, or be half written, while it is looked at. The next event follows. */
function orNull<T>(look: () => T): T | null {
  try {
    return look()
  } catch {
    return null
  }
}
