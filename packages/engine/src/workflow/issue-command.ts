import { ChildFailedError, fromFailure, StepFailedError } from './errors.ts'
import type { Command, Failure, Json } from './protocol.ts'
import { type RunState, refuseInQuery, type Scope } from './run-state.ts'
import { cancellationOf, type ScopeCarrier } from './scope.ts'

type Numbered = Extract<Command, { readonly type: 'step' | 'sleep' | 'signal' | 'child' }>
/** A command before it has its number. */
export type Draft = Numbered extends infer C ? (C extends Numbered ? Omit<C, 'cmd'> : never) : never

/**
 * Gives the command its number and returns the promise of its outcome. Invariant (I12): numbers depend only on the order of calls, and a
 * call refused for a cancellation takes none, because the cancellation itself stands at a fixed place in the journal.
 */
export function issueCommand(run: RunState, carrier: ScopeCarrier, draft: Draft): Promise<Json> {
  refuseInQuery(run, `commands (${draft.type})`)
  // The run has ended; its leftovers have nobody to answer them.
  if (run.told || run.outcome?.type === 'continued') return new Promise(() => {})
  const scope = scopeOf(run, carrier)
  const cancelled = cancellationOf(scope)
  if (cancelled !== null) return Promise.reject(cancelled)
  const cmd = ++run.lastCmd
  run.commands.push({ ...draft, cmd } as Command)
  return new Promise((resolve, reject) => {
    run.open.set(cmd, { cmd, scope, resolve, reject, toError: (failure) => toError(draft, failure) })
  })
}

/** Code that a scope cannot be found for, such as a callback of a foreign promise, belongs to the run as a whole. */
export function scopeOf(run: RunState, carrier: ScopeCarrier): Scope {
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
