/** What a kind of tool consists of. Each kind is one file here, and one line in `kinds.ts`; `kinds.test.ts` and `kinds.pg.test.ts` walk them all. */
import type { JsonObject, ToolImplementation, ToolKind, ToolStatus } from '@orrery/contract'
import type { z } from 'zod'
import type { ToolOffer } from '../mcp/to-offer.ts'
import { type ToolContext, ToolError, type ToolFace, type ToolResult } from '../port/tool-port.ts'

export type Implementation<K extends ToolKind = ToolKind> = Extract<ToolImplementation, { kind: K }>

export interface Kind<K extends ToolKind = ToolKind> {
  readonly name: K
  /** Of the implementation in a definition. The contract lists it in `toolImplementation`. */
  readonly shape: z.ZodType<Implementation<K>>
  /**
   * What a call may reach. `outside`: addresses, behind the guard for outgoing requests. `built-in`: whatever the built-in tool reaches that it
   * names. `run`: nothing, because the interpreter of pipelines starts a child run in place of a call.
   */
  readonly reaches: 'outside' | 'built-in' | 'run'
  /** Who says what the tool takes and gives. The words of a server are pinned: a change of them waits for a review. */
  readonly describedBy: 'author' | 'server'
  /** For one attempt, unless the definition says otherwise. */
  readonly timeoutMs: number
  /** Parts of the face that a definition may leave out, as far as the implementation knows them. */
  describe(implementation: Implementation<K>): DescribedFace
  /** Reasons why this implementation can never work. @param inputSchema of the tool's arguments */
  findFaults(implementation: Implementation<K>, inputSchema: JsonObject): Fault[]
  /** Arguments have been checked. @throws ToolError, OutsideError, ProblemError of connections */
  call(tool: CalledTool<K>, args: JsonObject, context: ToolContext): Promise<ToolResult>
}

export type DescribedFace = Partial<Pick<ToolFace, 'inputSchema' | 'outputSchema' | 'scopes'>>

/** The path is relative to the implementation. */
export type Fault = readonly [path: string, message: string]

/** A tool of an organization, while it is being called. */
export interface CalledTool<K extends ToolKind = ToolKind> {
  readonly name: string
  readonly implementation: Implementation<K>
  /** Hash of the server's description that was accepted, and whether it may be called with that. */
  readonly pin: string | null
  readonly status: ToolStatus
  /** Records that a server describes the tool differently now, or no longer has it. */
  recordOffer(offer: ToolOffer | null): Promise<void>
}

/** In place of a call, for the kinds that are runs of their own. */
export async function refuseCall({ name }: Pick<CalledTool, 'name'>): Promise<never> {
  throw new ToolError('StartsRun', `${name} starts a run of its own: a pipeline calls it, or start what it names`, { isRetryable: false })
}
