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
  /** In place of the tool's own limit; at most an hour counts. */
  readonly timeoutMs?: number
}
