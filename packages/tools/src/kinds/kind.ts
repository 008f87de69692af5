/**
 * The interface of a kind of tool. Each kind is one file here and one line in `kinds.ts`; `kinds.test.ts` and `kinds.pg.test.ts` run over
 * all kinds.
 */
import type { JsonObject, ToolImplementation, ToolKind, ToolStatus } from '@orrery/contract'
import type { z } from 'zod'
import type { ToolOffer } from '../mcp/to-offer.ts'
import { type ToolContext, ToolError, type ToolFace, type ToolResult } from '../port/tool-port.ts'

export type Implementation<K extends ToolKind = ToolKind> = Extract<ToolImplementation, { kind: K }>

export interface Kind<K extends ToolKind = ToolKind> {
  readonly name: K
  /** Shape of the implementation in a definition. The contract lists it in `toolImplementation`. */
  readonly shape: z.ZodType<Implementation<K>>
  /**
   * What a call may reach. `outside`: addresses that the guard for outgoing requests allows. `built-in`: what the named built-in tool
   * reaches. `run`: nothing, because the interpreter of pipelines starts a child run in place of a call.
   */
  readonly reaches: 'outside' | 'built-in' | 'run'
  /** Who describes the input and output of the tool. A description from a server is pinned: a changed one waits for a review. */
  readonly describedBy: 'author' | 'server'
  /** Limit for one attempt, unless the definition sets another. */
  readonly timeoutMs: number
  /** Values for the parts of the face that the definition leaves out, where the implementation knows them. */
  describe(implementation: Implementation<K>): DescribedFace
  /** Reasons why this implementation can never work. @param inputSchema schema of the tool's arguments */
  findFaults(implementation: Implementation<K>, inputSchema: JsonObject): Fault[]
  /** The caller has checked the arguments. @throws ToolError, OutsideError, ProblemError of connections */
  call(tool: CalledTool<K>, args: JsonObject, context: ToolContext): Promise<ToolResult>
}

export type DescribedFace = Partial<Pick<ToolFace, 'inputSchema' | 'outputSchema' | 'scopes'>>

/** `path` is relative to the implementation. */
export type Fault = readonly [path: string, message: string]

/** A tool of an organization that is being called. */
export interface CalledTool<K extends ToolKind = ToolKind> {
  readonly name: string
  readonly implementation: Implementation<K>
  /** Hash of the accepted description of the server. `status` is `ready` while the tool may be called. */
  readonly pin: string | null
  readonly status: ToolStatus
  /** Records that a server describes the tool differently now, or no longer has it. */
  recordOffer(offer: ToolOffer | null): Promise<void>
}

/** The `call` of kinds whose tools are runs: it always throws. */
export async function refuseCall({ name }: Pick<CalledTool, 'name'>): Promise<never> {
  throw new ToolError(
    'StartsRun',
    `${name} starts a run and cannot be called directly: call it from a pipeline, or start its workflow or pipeline yourself`,
    { isRetryable: false },
  )
}
