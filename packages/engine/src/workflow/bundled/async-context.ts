import type { RunState, Scope } from '../run-state.ts'
import type { ScopeCarrier } from '../scope.ts'

/**
 * Everything in a bundle runs on one thread, so "the scope of the code that runs now" is one variable that our promises set and restore.
 */
let current: Scope | null = null
const unhandled = new WeakMap<RunState, Map<object, unknown>>()
const NONE: ReadonlySet<unknown> = new Set()

export const currentScope = (): Scope | null => current

/** Gives back the scope that was current before. */
export function setCurrentScope(scope: Scope | null): Scope | null {
  const before = current
  current = scope
  return before
}

export function noteRejection(promise: object, reason: unknown): void {
  // A command that was taken back is no loss, whoever still holds its promise.
  if (current === null || (typeof reason === 'object' && reason !== null && 'kind' in reason && reason.kind === 'cancelled')) return
  const { run } = current
  // The run itself stands still while a query is answered, so this is the handler's own mistake.
  if (run.answering) return
  let rejections = unhandled.get(run)
  if (rejections === undefined) unhandled.set(run, (rejections = new Map()))
  rejections.set(promise, reason)
}

export function forgetRejection(promise: object, run: RunState | null): void {
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
