import type { ScopeCarrier } from '../cancel-scope.ts'
import type { CancelScope, MachineRun } from '../machine-run.ts'

/** The scope of the code that runs now. A bundle runs on one thread, so one variable is enough; our promises set and restore it. */
let current: CancelScope | null = null
const unhandled = new WeakMap<MachineRun, Map<object, unknown>>()
const NONE: ReadonlySet<unknown> = new Set()

export const currentScope = (): CancelScope | null => current

/** Returns the previous scope. */
export function setCurrentScope(scope: CancelScope | null): CancelScope | null {
  const before = current
  current = scope
  return before
}

export function noteRejection(promise: object, reason: unknown): void {
  // A dropped command is not an error, even if something still refers to its promise.
  if (current === null || (typeof reason === 'object' && reason !== null && 'kind' in reason && reason.kind === 'cancelled')) return
  const { run } = current
  // The run does not move while a query is answered, so this rejection comes from the query handler.
  if (run.answering) return
  let rejections = unhandled.get(run)
  if (rejections === undefined) unhandled.set(run, (rejections = new Map()))
  rejections.set(promise, reason)
}

export function forgetRejection(promise: object, run: MachineRun | null): void {
  if (run !== null) unhandled.get(run)?.delete(promise)
}

export const bundledCarrier: ScopeCarrier = {
  current: currentScope,
  enter: (scope, fn) => {
    const before = setCurrentScope(scope)
    try {
      return fn()
    } finally {
      setCurrentScope(before)
    }
  },
  rejections: (run) => {
    const rejections = unhandled.get(run)
    return rejections === undefined || rejections.size === 0 ? NONE : new Set(rejections.values())
  },
}
