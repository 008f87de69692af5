import { decodeId, encodeId, type Id, type IdPrefix, type ProblemCode, problem } from '@orrery/contract'

/** Public ids are TypeIDs and the engine's ids are UUIDs. Use cases convert them with these functions. */
export function toUuid(prefix: IdPrefix, id: string): string {
  const uuid = decodeId(prefix, id)
  // The operation's shape has checked the form already, so a wrong id here is a bug.
  if (uuid === null) throw new TypeError(`Not an id of kind ${prefix}: ${id}`)
  return uuid
}

export function toRunId(uuid: string): Id<'run'> {
  return encodeId('run', uuid)
}

export function orNull<T>(value: string | null | undefined, convert: (value: string) => T): T | null {
  return value === null || value === undefined ? null : convert(value)
}

/** Returns `found`. @throws the problem `code` if it is null or undefined */
export function orProblem<T>(found: T | null | undefined, code: ProblemCode, detail: string): T {
  if (found === null || found === undefined) throw problem(code, detail)
  return found
}
