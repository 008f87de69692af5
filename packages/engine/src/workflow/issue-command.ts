import { cancellationOf, type ScopeCarrier } from './cancel-scope.ts'
import { ChildFailedError, fromFailure, StepFailedError } from './errors.ts'
import { type CancelScope, type MachineRun, refuseInQuery } from './machine-run.ts'
import type { Command, Failure, Json } from './protocol.ts'

type Numbered = Extract<Command, { readonly type: 'step' | 'sleep' | 'signal' | 'child' }>
/** A command without its number. */
export type Draft = Numbered extends infer C ? (C extends Numbered ? Omit<C, 'cmd'> : never) : never

/**
 * Numbers the command and returns the promise of its outcome. Invariant (I12): numbers depend only on the order of calls. A call rejected
 * because of a cancellation takes no number, because the cancellation has a fixed place in the journal.
 */
export function issueCommand(run: MachineRun, carrier: ScopeCarrier, draft: Draft): Promise<Json> {
  refuseInQuery(run, `commands (${draft.type})`)
  // The run has ended, so commands of its leftover code are never answered.
  if (run.reported || run.outcome?.type === 'continued') return new Promise(() => {})
  const scope = scopeOf(run, carrier)
  const cancelled = cancellationOf(scope)
  if (cancelled !== null) return Promise.reject(cancelled)
  const cmd = ++run.lastCmd
  run.commands.push({ ...draft, cmd } as Command)
  return new Promise((resolve, reject) => {
    run.open.set(cmd, { cmd, scope, resolve, reject, toError: (failure) => toError(draft, failure) })
  })
}

/** Code without a known scope, such as a callback of a foreign promise, belongs to the run's root scope. */
export function scopeOf(run: MachineRun, carrier: ScopeCarrier): CancelScope {
  const scope = carrier.current()
  return scope !== null && scope.run === run ? scope : run.root
}

function toError(draft: Draft, failure: Failure): Error {
  switch (draft.type) {
    case 'step':
      return new StepFailedError(draft.name, failure)
    case 'child':
      return new ChildFailedError(draft.workflow, failure)
    case 'sleep':
    case 'signal':
      return fromFailure(failure)
  }
}
