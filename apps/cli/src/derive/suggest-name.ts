import { type Client, ProblemError, UnreachableError } from '@orrery/client'
import { type Route, routes } from '@orrery/contract/routes'
import type { Io } from '../io.ts'

interface Named {
  readonly field: string
  readonly list: Route
}

/** Which field names what a problem did not find, and where such names are listed. */
const NAMED: Readonly<Record<string, Named>> = {
  'workflow.not_found': { field: 'workflow', list: routes['workflows.list'] },
  'automation.not_found': { field: 'automation', list: routes['automations.list'] },
  'pipeline.not_found': { field: 'pipeline', list: routes['pipelines.list'] },
  'tool.not_found': { field: 'tool', list: routes['tools.list'] },
  'calendar.not_found': { field: 'calendar', list: routes['calendars.list'] },
}

const SUGGESTIONS_MAX = 3

/** Does the work. If it fails because there is nothing of that name, the error names those that are written alike. */
export async function orSuggest<T>(io: Io, client: Client, input: Readonly<Record<string, unknown>>, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const named = NAMED[error.code]
    const given = named === undefined ? undefined : input[named.field]
    if (named === undefined || typeof given !== 'string') throw error
    const alike = findAlike(given, await listNames(io, client, named.list))
    if (alike.length === 0) throw error
    throw new ProblemError({ ...error.problem, detail: `${error.message} Did you mean ${alike.join(' or ')}?` }, error.status)
  }
}

/** The names of the first page. */
export async function listNames(io: Io, client: Client, list: Route): Promise<readonly string[]> {
  try {
    const { items } = (await client.call(list, { limit: 200 }, { signal: io.signal })) as {
      readonly items: readonly { readonly name: unknown }[]
    }
    return items.map(({ name }) => String(name))
  } catch (error) {
    // The key may not list them, or the server is gone: the first error says enough.
    if (error instanceof ProblemError || error instanceof UnreachableError) return []
    throw error
  }
}

/** Names that differ from the given one in a third of their letters at most, or contain it; the most alike first. */
function findAlike(given: string, names: readonly string[]): readonly string[] {
  const word = given.toLowerCase()
  return names
    .map((name) => ({ name, distance: name.toLowerCase().includes(word) ? 1 : countEdits(word, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(name.length, word.length) / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ name }) => name)
}

/** Edits of one letter that turn one word into the other (Levenshtein). Names have at most 128 letters. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line]
    for (let at = 1; at <= to.length; at += 1) {
      const replaced = (row[at - 1] ?? 0) + (from[line - 1] === to[at - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
