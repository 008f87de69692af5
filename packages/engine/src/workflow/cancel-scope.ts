import { CancelledError } from './errors.ts'
import type { CancelScope, MachineRun } from './machine-run.ts'

/** Finds the scope that code runs in, across awaits. In a bundle our own promises carry it; outside a bundle AsyncLocalStorage does. */
export interface ScopeCarrier {
  current(): CancelScope | null
  enter<T>(scope: CancelScope, fn: () => T): T
  /** The unhandled rejections of this run. Always empty outside a bundle, because the runtime itself reports those. */
  rejections(run: MachineRun): ReadonlySet<unknown>
}

export function openScope(parent: CancelScope, shielded = false): CancelScope {
  return { run: parent.run, parent, shielded, cancelled: null }
}

/** The cancellation that reaches code in this scope, or null. */
export function cancellationOf(scope: CancelScope): CancelledError | null {
  for (let at: CancelScope | null = scope; at !== null; at = at.shielded ? null : at.parent) {
    if (at.cancelled !== null) return at.cancelled
  }
  return null
}

/** Drops every open command that the cancellation reaches, in order of issue. A second cancellation has no effect. */
export function cancelScope(scope: CancelScope, reason: string): void {
  if (scope.cancelled !== null) return
  scope.cancelled = new CancelledError(reason)
  for (const command of [...scope.run.open.values()]) {
    if (!isWithin(command.scope, scope)) continue
    scope.run.open.delete(command.cmd)
    scope.run.commands.push({ type: 'drop', cmd: command.cmd })
    command.reject(new CancelledError(reason))
  }
}

function isWithin(inner: CancelScope, outer: CancelScope): boolean {
  for (let at: CancelScope | null = inner; at !== null; at = at.shielded ? null : at.parent) {
    if (at === outer) return true
  }
  return false
}
