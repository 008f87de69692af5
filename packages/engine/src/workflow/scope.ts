import { CancelledError } from './errors.ts'
import type { RunState, Scope } from './run-state.ts'

/**
 * How code finds the scope it runs in, across awaits. Inside a bundle our own promises carry it; in process AsyncLocalStorage does.
 */
export interface ScopeCarrier {
  current(): Scope | null
  enter<T>(scope: Scope, fn: () => T): T
  /** Rejections of this run that nothing has handled so far. In process the runtime itself reports them, so there are none. */
  rejections(run: RunState): ReadonlySet<unknown>
}

export function openScope(parent: Scope, shielded = false): Scope {
  return { run: parent.run, parent, shielded, cancelled: null }
}

/** The cancellation that reaches code in this scope, if there is one. */
export function cancellationOf(scope: Scope): CancelledError | null {
  for (let at: Scope | null = scope; at !== null; at = at.shielded ? null : at.parent) {
    if (at.cancelled !== null) return at.cancelled
  }
  return null
}

/** Takes back every open command that the cancellation reaches, in order of issue. A second cancellation changes nothing. */
export function cancelScope(scope: Scope, reason: string): void {
  if (scope.cancelled !== null) return
  scope.cancelled = new CancelledError(reason)
  for (const command of [...scope.run.open.values()]) {
    if (!isWithin(command.scope, scope)) continue
    scope.run.open.delete(command.cmd)
    scope.run.commands.push({ type: 'drop', cmd: command.cmd })
    command.reject(new CancelledError(reason))
  }
}

function isWithin(inner: Scope, outer: Scope): boolean {
  for (let at: Scope | null = inner; at !== null; at = at.shielded ? null : at.parent) {
    if (at === outer) return true
  }
  return false
}
