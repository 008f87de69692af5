/** Reads values from an untrusted document: any member may be missing or have another type. */
import type { Json, JsonObject } from '@orrery/contract'

/** The reason why an operation cannot become a tool. Users see the message. */
export class UnreadableOperation extends Error {
  override readonly name = 'UnreadableOperation'
}

export function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

export function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

export function asText(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

const HOPS_MAX = 16

/** Resolves a chain of Reference Objects. @throws UnreadableOperation for a reference to another document, a missing target or a cycle */
export function follow(document: JsonObject, value: Json | undefined): Json | undefined {
  let at = value
  for (let hops = 0; hops < HOPS_MAX; hops += 1) {
    const reference = asText(asObject(at)?.$ref)
    if (reference === undefined) return at
    at = resolvePointer(document, reference)
  }
  throw new UnreadableOperation('It has circular references')
}

/** Resolves a JSON Pointer in its fragment form (RFC 6901). @throws UnreadableOperation */
export function resolvePointer(document: JsonObject, reference: string): Json {
  if (reference !== '#' && !reference.startsWith('#/'))
    throw new UnreadableOperation(`It refers to another document (${reference.slice(0, 100)})`)
  let at: Json = document as Json
  for (const part of decodeFragment(reference.slice(1)).split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const next = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as JsonObject)[name] : undefined
    if (next === undefined) throw new UnreadableOperation(`It refers to ${reference.slice(0, 100)}, which does not exist`)
    at = next
  }
  return at
}

function decodeFragment(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The text is not percent-encoded. If nothing has this name either, the caller throws.
    return text
  }
}
