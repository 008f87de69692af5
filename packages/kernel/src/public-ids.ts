import { decodeId, encodeId, type Id, type IdPrefix, type ProblemCode, problem } from '@orrery/contract'

/** For the engine: what workflow code and steps see is what the API shows. */
export const publicIds = { run: (uuid: string) => encodeId('run', uuid), org: (uuid: string) => encodeId('org', uuid) } as const

/** Public ids are TypeIDs, the engine's are UUIDs; they are exchanged here, at core's border. */
export function toUuid(prefix: IdPrefix, id: string): string {
  const uuid = decodeId(prefix, id)
  // The operation's shape has checked the form, so a miss is a bug of ours.
  if (uuid === null) throw new TypeError(`Not an id of kind ${prefix}: ${id}`)
  return uuid
}

export function toRunId(uuid: string): Id<'run'> {
  return encodeId('run', uuid)
}

export function orNull<T>(value: string | null | undefined, convert: (value: string) => T): T | null {
  return value === null || value === undefined ? null : convert(value)
}

/** `found`, or the problem that it is not there. */
export function orProblem<T>(found: T | null | undefined, code: ProblemCode, detail: string): T {
  if (found === null || found === undefined) throw problem(code, detail)
  return found
}
