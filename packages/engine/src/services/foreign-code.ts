import { AsyncLocalStorage } from 'node:async_hooks'
import type { StepLog } from '../workflow/step.ts'

/** Whose code runs: that of an attempt of a step, or the modules of a project. */
export interface CodeOwner {
  /** Where its lines go. Null: no run is concerned. */
  readonly log: StepLog | null
  /** Gets an error that nothing in the code caught. Must not throw. */
  readonly onStray: (error: unknown) => void
}

const owners = new AsyncLocalStorage<CodeOwner>()

/** Runs code that is not the host's. Whatever it starts, such as timers and promises, has the same owner. */
export function runOwned<T>(owner: CodeOwner, code: () => T): T {
  return owners.run(owner, code)
}

/** The owner of the code that runs now. Undefined: it is the host's own. */
export function currentOwner(): CodeOwner | undefined {
  return owners.getStore()
}

/** Runs the host's own code on behalf of code with an owner, so that what it starts does not count as the owner's. */
export function runUnowned<T>(code: () => T): T {
  return owners.exit(code)
}

/**
 * For a host's handlers of `uncaughtException` and `unhandledRejection`: passes the error to the owner of the code that caused it. False: the
 * error is the host's own, whose state is unknown then.
 */
export function containStray(error: unknown): boolean {
  const owner = owners.getStore()
  owner?.onStray(error)
  return owner !== undefined
}
