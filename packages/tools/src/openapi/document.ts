/** Reading a document that somebody else wrote: nothing is where it should be until it was looked at. */
import type { Json, JsonObject } from '@orrery/contract'

/** Why an operation cannot become a tool. Its text is for people. */
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

/** What a Reference Object leads to, in the end. @throws UnreadableOperation for one that leads out of the document, nowhere, or in circles */
export function follow(document: JsonObject, value: Json | undefined): Json | undefined {
  let at = value
  for (let hops = 0; hops < HOPS_MAX; hops += 1) {
    const reference = asText(asObject(at)?.$ref)
    if (reference === undefined) return at
    at = resolvePointer(document, reference)
  }
  throw new UnreadableOperation('It has references that lead in circles')
}

/** RFC 6901 as a fragment. @throws UnreadableOperation */
export function resolvePointer(document: JsonObject, reference: string): Json {
  if (reference !== '#' && !reference.startsWith('#/'))
    throw new UnreadableOperation(`It refers to another document (${reference.slice(0, 100)})`)
  let at: Json = document as Json
  for (const part of decodeFragment(reference.slice(1)).split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const next = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as JsonObject)[name] : undefined
    if (next === undefined) throw new UnreadableOperation(`It refers to ${reference.slice(0, 100)}, which is not there`)
    at = next
  }
  return at
}

function decodeFragment(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not encoded, then; if nothing is there under it, that is told.
    return text
  }
}
