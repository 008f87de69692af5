import type { JsonObject } from '@orrery/contract'
import type { Actor } from '@orrery/kernel'
import type { ToolContext } from '../port/tool-port.ts'

/** One attempt at calling a tool. */
export interface ToolCall
  extends Pick<ToolContext, 'step' | 'attempt' | 'idempotencyKey' | 'signal' | 'scopes'>,
    Partial<Pick<ToolContext, 'log'>> {
  readonly tool: string
  readonly args: JsonObject
  /** The run whose step calls, the key that calls by hand, or the system when a condition polls. The tool acts as this actor. */
  readonly actor: Actor
  /** Joins the audit entries of what the tool does to what called it: the id of the run, of the request by hand, or of the automation. */
  readonly requestId: string
  /** Overrides the limit of the tool. Values above one hour count as one hour. */
  readonly timeoutMs?: number
}
