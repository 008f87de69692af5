/** The options that `T` has. The type requires that each is listed. */
export type Known<T> = Readonly<Record<keyof T, true>>

/**
 * Throws a TypeError for an option that does not exist. It would be without effect, and nothing compiles the types of a project: a misspelt
 * `retry` would repeat what must be done once.
 */
export function requireKnown<T extends object>(what: string, given: T | undefined, known: Known<T>): void {
  const odd = Object.keys(given ?? {}).find((name) => !Object.hasOwn(known, name))
  if (odd !== undefined) throw new TypeError(`${what} has no option "${odd}"; it has ${Object.keys(known).join(', ')}`)
}
