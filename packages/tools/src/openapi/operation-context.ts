import type { JsonObject } from '@orrery/contract'

export const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH'] as const

export interface OpenApiOptions {
  /** Where the document came from: relative addresses of servers are relative to it. */
  readonly documentUrl: string | undefined
  /** In place of what the document says. */
  readonly baseUrl: string | undefined
}

/** One operation where it stands. */
export interface OperationPlace {
  readonly document: JsonObject
  readonly place: JsonObject
  readonly operation: JsonObject
  readonly path: string
  readonly method: (typeof METHODS)[number]
  /** 3.0 has a dialect of JSON Schema of its own. */
  readonly is30: boolean
}
