import { hash } from 'node:crypto'

/**
 * JSON with exactly one spelling (RFC 8785): members sorted by UTF-16 code units, no white space, numbers as ECMAScript writes them.
 * Leaves out `undefined` members, as JSON.stringify does. It recurses, so the caller must bound the depth of the input.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members: string[] = []
  for (const name of Object.keys(value).sort()) {
    const member: unknown = (value as Record<string, unknown>)[name]
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${canonicalJson(member)}`)
  }
  return `{${members.join(',')}}`
}

/** SHA-256 of the canonical form. */
export function digest(value: unknown): Buffer {
  return hash('sha256', canonicalJson(value), 'buffer')
}
