import { type FSWatcher, watch } from 'node:fs'

/** Build output and files of tools. Changes of these do not trigger a build. */
const IGNORED = /(^|[/\\])(node_modules|dist|coverage|\.[^/\\]+)([/\\]|$)|~$|\.(log|tmp|swp)$/

/** A change is reported after this much quiet: editors write a file in several steps, and switching branches changes many files at once. */
const QUIET_MS = 120

export interface FolderWatch {
  stop(): void
}

/** Calls `changed` once after each burst of changes, and never while the previous call is still running. */
export function watchFolder(folder: string, changed: () => Promise<void>): FolderWatch {
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
    working = changed().finally(() => {
      working = null
      if (again) {
        again = false
        run()
      }
    })
  }
  const watcher: FSWatcher = watch(folder, { recursive: true, persistent: false }, (_, name) => {
    if (name !== null && IGNORED.test(name)) return
    clearTimeout(timer)
    timer = setTimeout(run, QUIET_MS)
  })
  return {
    stop: () => {
      stopped = true
      clearTimeout(timer)
      watcher.close()
    },
  }
}
