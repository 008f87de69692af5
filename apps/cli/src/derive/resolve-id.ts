import type { Client } from '@orrery/client'
import { type Route, routes } from '@orrery/contract/routes'
import { type Io, UsageError } from '../io.ts'
import { readShortId } from '../output/short-id.ts'

/** Where the ids of a field are listed, newest first. */
const LISTS: Readonly<Record<string, { readonly noun: string; readonly list: Route }>> = {
  runId: { noun: 'run', list: routes['runs.list'] },
  parentRunId: { noun: 'run', list: routes['runs.list'] },
  keyId: { noun: 'key', list: routes['keys.list'] },
  connectionId: { noun: 'connection', list: routes['connections.list'] },
}

const PAGE_ROWS = 200
const PAGES_MAX = 10

/** Replaces a short id, as tables show it, by the whole one. Looks through the newest 2,000. Throws UsageError. */
export async function resolveId(io: Io, client: Client, field: string, given: unknown): Promise<unknown> {
  const place = LISTS[field]
  const short = typeof given === 'string' ? readShortId(given) : null
  if (place === undefined || short === null) return given
  const found: string[] = []
  let cursor: string | null | undefined
  for (let page = 0; page < PAGES_MAX && cursor !== null; page += 1) {
    const input = { limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) }
    const answer = (await client.call(place.list, input, { signal: io.signal })) as {
      readonly items: readonly { readonly id: string }[]
      readonly nextCursor: string | null
    }
    found.push(...answer.items.map(({ id }) => id).filter((id) => id.endsWith(short)))
    // Eight letters are 40 random bits: a second one with the same letters is only likely for fewer.
    if (found.length > 0 && short.length >= 8) break
    cursor = answer.nextCursor
  }
  const [first, second] = found
  if (first === undefined)
    throw new UsageError(`there is no ${place.noun} ${short} among the newest ${PAGES_MAX * PAGE_ROWS}; use the whole id`)
  if (second !== undefined) throw new UsageError(`several ${place.noun}s end in ${short}: ${found.slice(0, 5).join(', ')}`)
  return first
}
