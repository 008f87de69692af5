import type { JsonObject } from '@orrery/contract'

export const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'] as const

export interface OpenApiOptions {
  /** URL of the document. Relative URLs of servers are resolved against it. */
  readonly documentUrl: string | undefined
  /** Overrides the servers in the document. */
  readonly baseUrl: string | undefined
}

/** An operation with the parts of the document around it. */
export interface OperationContext {
  readonly document: JsonObject
  /** The Path Item Object. */
  readonly pathItem: JsonObject
  readonly operation: JsonObject
  readonly path: string
  readonly method: (typeof METHODS)[number]
  /** OpenAPI 3.0 has its own dialect of JSON Schema. */
  readonly is30: boolean
}
