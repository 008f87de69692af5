import { type FSWatcher, watch } from 'node:fs'

/** What is built out of the sources, or belongs to tools, is no reason to build again. */
const IGNORED = /(^|[/\\])(node_modules|dist|coverage|\.[^/\\]+)([/\\]|$)|~$|\.(log|tmp|swp)$/

/** Editors write a file in several steps, and branches change many at once. */
const QUIET_MS = 120

export interface FolderWatch {
  stop(): void
}

/** Calls back once a burst of changes is over, never while the call before is still at work. */
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
