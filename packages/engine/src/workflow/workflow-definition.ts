import type { Json, WorkflowOptions } from './protocol.ts'
import type { Schema } from './standard-schema.ts'

export interface WorkflowDefinition<In = unknown, Out = unknown> {
  readonly kind: 'workflow'
  readonly name: string
  readonly description: string | null
  readonly input: Schema | undefined
  readonly output: Schema | undefined
  readonly options: WorkflowOptions
  /** Takes a Context and the validated input. Typed `never` so that every function fits. */
  readonly fn: (ctx: never, input: never) => unknown
  /** Never set; it only carries the types. */
  readonly types?: { readonly input: In; readonly output: Out }
}

export interface JsonObject {
  readonly [key: string]: Json
}

export function isWorkflow(value: unknown): value is WorkflowDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'workflow' && 'fn' in value
}
