import { cancelScope, openScope, type ScopeCarrier } from './cancel-scope.ts'
import type { Thunk } from './context.ts'
import { scopeOf } from './issue-command.ts'
import type { CancelScope, MachineRun } from './machine-run.ts'

/** Runs `fn` in `scope`; a synchronous throw becomes a rejection. */
export function runIn<T>(carrier: ScopeCarrier, scope: CancelScope, fn: Thunk<T>): Promise<T> {
  return carrier.enter(scope, async () => fn())
}

export function runAll<T>(run: MachineRun, carrier: ScopeCarrier, thunks: readonly Thunk<T>[], limit: number | undefined): Promise<T[]> {
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    return Promise.reject(new TypeError(`limit must be a whole number, at least 1, got ${limit}`))
  }
  if (thunks.length === 0) return Promise.resolve([])
  const scope = openScope(scopeOf(run, carrier))
  return new Promise<T[]>((resolve, reject) => {
    const results: T[] = new Array(thunks.length)
    let next = 0
    let left = thunks.length
    let failed = false
    const startNext = (): void => {
      const index = next++
      const thunk = thunks[index]
      if (thunk === undefined || failed) return
      runIn(carrier, scope, thunk).then(
        (value) => {
          results[index] = value
          left--
          if (left === 0) resolve(results)
          else startNext()
        },
        (error) => {
          if (failed) return
          failed = true
          reject(error)
          cancelScope(scope, 'another branch of all failed')
        },
      )
    }
    for (let i = 0; i < Math.min(limit ?? thunks.length, thunks.length); i++) startNext()
  })
}

export function runRace<T>(run: MachineRun, carrier: ScopeCarrier, thunks: readonly Thunk<T>[]): Promise<T> {
  if (thunks.length === 0) return Promise.reject(new TypeError('a race needs at least one thunk'))
  const parent = scopeOf(run, carrier)
  const lanes = thunks.map((thunk) => ({ thunk, scope: openScope(parent) }))
  return new Promise<T>((resolve, reject) => {
    let decided = false
    const decide = (winner: CancelScope, settle: () => void): void => {
      if (decided) return
      decided = true
      settle()
      for (const { scope } of lanes) if (scope !== winner) cancelScope(scope, 'another branch of the race was first')
    }
    for (const { thunk, scope } of lanes) {
      runIn(carrier, scope, thunk).then(
        (value) => decide(scope, () => resolve(value)),
        (error) => decide(scope, () => reject(error)),
      )
    }
  })
}

/** Delays the run's completion until the work inside has ended. */
export async function runShielded<T>(run: MachineRun, carrier: ScopeCarrier, fn: Thunk<T>): Promise<T> {
  run.shields++
  try {
    return await runIn(carrier, openScope(scopeOf(run, carrier), true), fn)
  } finally {
    run.shields--
  }
}
