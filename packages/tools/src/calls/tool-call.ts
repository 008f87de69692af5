import type { JsonObject } from '@orrery/contract'
import type { ToolContext } from '../port/tool-port.ts'

/** One attempt at calling a tool. */
export interface ToolCall
  extends Pick<ToolContext, 'step' | 'attempt' | 'idempotencyKey' | 'signal' | 'scopes'>,
    Partial<Pick<ToolContext, 'log'>> {
  readonly tool: string
  readonly args: JsonObject
  /** Public id of the run; null for a call by hand. */
  readonly runId: string | null
  /** Overrides the limit of the tool. Values above one hour count as one hour. */
  readonly timeoutMs?: number
}
