import type { Failure } from '../workflow/protocol.ts'
import type { JsonText, OrgId, RunId } from './ids.ts'

/** A message to a run. A second one with the same id has no effect. */
export type Message = SignalMessage | ChildMessage | CancelMessage | TerminateMessage

interface MessageAddress {
  readonly org: OrgId
  readonly run: RunId
  readonly id: string
}

export interface SignalMessage extends MessageAddress {
  readonly kind: 'signal'
  readonly name: string
  readonly payload: JsonText | null
}

/** A child has ended, with an output or an error. */
export interface ChildMessage extends MessageAddress {
  readonly kind: 'child'
  /** The parent's command that started the child. */
  readonly cmd: number
  readonly child: RunId
  readonly output: JsonText | null
  readonly error: Failure | null
}

/** Asks the workflow to stop. */
export interface CancelMessage extends MessageAddress {
  readonly kind: 'cancel'
  readonly reason: string
}

/** Ends the run without its cleanup. */
export interface TerminateMessage extends MessageAddress {
  readonly kind: 'terminate'
  readonly reason: string
}
