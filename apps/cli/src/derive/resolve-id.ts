import type { Client } from '@orrery/client'
import { type Route, routes } from '@orrery/contract/routes'
import { type Io, UsageError } from '../io.ts'
import { isId, readShortId } from '../output/short-id.ts'

interface Place {
  readonly noun: string
  readonly list: Route
  /** Its things have names, which commands accept in place of their ids. */
  readonly isNamed: boolean
}

/** Where the ids of a field are listed, newest first. */
const LISTS: Readonly<Record<string, Place>> = {
  runId: { noun: 'run', list: routes['runs.list'], isNamed: false },
  parentRunId: { noun: 'run', list: routes['runs.list'], isNamed: false },
  keyId: { noun: 'key', list: routes['keys.list'], isNamed: true },
  connectionId: { noun: 'connection', list: routes['connections.list'], isNamed: true },
  orgId: { noun: 'organization', list: routes['orgs.list'], isNamed: true },
}

/** What `orgs get` takes in place of an id. */
const OWN_ORG = 'current'
const PAGE_ROWS = 200
const PAGES_MAX = 10

interface Item {
  readonly id: string
  readonly name?: string
  readonly revokedAt?: string | null
}

/** Replaces a name, or a short id as tables show it, by the whole id. Looks through the newest 2,000. Throws UsageError. */
export async function resolveId(io: Io, client: Client, field: string, given: unknown): Promise<unknown> {
  const place = LISTS[field]
  if (place === undefined || typeof given !== 'string' || isId(given) || given === OWN_ORG) return given
  const { noun, isNamed } = place
  const short = readShortId(given)
  if (!isNamed && short === null) return given
  const items = await readItems(io, client, place, (item) => !isNamed && isShortOf(item, short) && (short?.length ?? 0) >= SURE_LETTERS)
  const named = isNamed ? items.filter(({ name }) => name === given) : []
  // A revoked key leaves its name to the next one.
  const valid = named.filter(({ revokedAt }) => revokedAt == null)
  const found = valid.length > 0 ? valid : named.length > 0 ? named : items.filter((item) => isShortOf(item, short))
  const [first, second] = found
  if (first === undefined) {
    const whole = `among the newest ${PAGES_MAX * PAGE_ROWS}; use the whole id`
    throw new UsageError(isNamed ? `there is no ${noun} with the name or id ${given} ${whole}` : `there is no ${noun} ${short} ${whole}`)
  }
  if (second === undefined) return first.id
  const ids = found.slice(0, 5).map(({ id }) => id)
  throw new UsageError(`several ${noun}s ${named.length > 0 ? `are called ${given}` : `end in ${short}`}: ${ids.join(', ')}`)
}

/** Eight letters are 40 random bits: a second one with the same letters is only likely for fewer. */
const SURE_LETTERS = 8

const isShortOf = ({ id }: Item, short: string | null): boolean => short !== null && id.endsWith(short)

/** @param isEnough whether the rest need not be read, once an item is found */
async function readItems(io: Io, client: Client, { list }: Place, isEnough: (item: Item) => boolean): Promise<readonly Item[]> {
  const items: Item[] = []
  let cursor: string | null | undefined
  for (let page = 0; page < PAGES_MAX && cursor !== null; page += 1) {
    const input = { limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) }
    const answer = (await client.call(list, input, { signal: io.signal })) as {
      readonly items: readonly Item[]
      readonly nextCursor: string | null
    }
    items.push(...answer.items)
    if (answer.items.some(isEnough)) break
    cursor = answer.nextCursor
  }
  return items
}
