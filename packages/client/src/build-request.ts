import type { Route } from '@orrery/contract/routes'

export interface BuiltRequest {
  readonly method: Route['http']['method']
  /** Path and query, relative to `/api/v1`. */
  readonly target: string
  readonly body: string | null
}

/** Places the fields of an input: first into the braces of the path, the others into the query (GET, DELETE) or the JSON body. */
export function buildRequest(operation: Route, input: Readonly<Record<string, unknown>>): BuiltRequest {
  const { method, path } = operation.http
  const fields = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const filled = path.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = fields.get(field)
    if (value === undefined || value === null || value === '') throw new TypeError(`${operation.name} needs "${field}"`)
    fields.delete(field)
    return encodeURIComponent(String(value))
  })
  if (method !== 'GET' && method !== 'DELETE') return { method, target: filled, body: JSON.stringify(Object.fromEntries(fields)) }
  const query = new URLSearchParams()
  for (const [field, value] of fields) {
    for (const item of Array.isArray(value) ? value : [value]) query.append(field, queryText(item))
  }
  return { method, target: query.size === 0 ? filled : `${filled}?${query}`, body: null }
}

function queryText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}
