/** JSON as a type. Separate from the shapes, so that a workflow bundle that imports only these does not include zod. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export interface JsonObject {
  readonly [key: string]: Json
}

export const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
