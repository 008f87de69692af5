/** The states of a database connection in which statements must not reach our rows. */
import pg from 'pg'
import type { Org } from './installation.ts'

export interface Situation {
  readonly name: string
  /** A connection as the pool returns it. */
  readonly client: pg.Client
  /** Opens a transaction in this state. It reads one snapshot, so that concurrent changes by the server are not visible. */
  begin(): Promise<void>
}

export interface Setting {
  readonly url: string
  readonly role: string
  readonly ours: Org
  readonly theirs: Org
}

export async function openSituations({ url, role, ours, theirs }: Setting): Promise<Situation[]> {
  const set = (value: string) => [`select set_config('app.org_id', $1, true)`, value] as const
  const forged = {
    'a word': 'everybody',
    'our id with an extra character': `${ours.uuid}x`,
    'a list of ids': `${theirs.uuid},${ours.uuid}`,
    SQL: `' or true --`,
    'an unused id': '00000000-0000-0000-0000-000000000000',
  }
  const states: readonly { name: string; earlier?: readonly string[]; now?: readonly [string, string] }[] = [
    { name: 'no organization set' },
    { name: 'an empty organization set', now: set('') },
    { name: 'another organization set', now: set(theirs.uuid) },
    ...Object.entries(forged).map(([what, value]) => ({ name: `${what} set`, now: set(value) })),
    { name: 'reused after our transaction', earlier: asUs(ours, 'commit') },
    { name: 'reused by another after our transaction', earlier: asUs(ours, 'commit'), now: set(theirs.uuid) },
    { name: 'reused after our transaction was rolled back', earlier: asUs(ours, 'rollback'), now: set(theirs.uuid) },
    { name: 'reused after a look at all organizations', earlier: asAdmin(), now: set(theirs.uuid) },
  ]
  return Promise.all(
    states.map(async ({ name, earlier = [], now }) => {
      const client = new pg.Client({ connectionString: url, options: `-c role=${role}` })
      await client.connect()
      const begin = async () => {
        for (const text of earlier) await client.query(text)
        await client.query('begin isolation level repeatable read')
        if (now !== undefined) await client.query(now[0], [now[1]])
      }
      return { name, client, begin }
    }),
  )
}

const asUs = (ours: Org, end: 'commit' | 'rollback') => [
  `begin; select set_config('app.org_id', '${ours.uuid}', true); select count(*) from engine.run; ${end}`,
]

/** Sets what core sets for access to all organizations and for looking up a key. */
const asAdmin = () => [
  `begin; select set_config('app.all_orgs', 'on', true), set_config('app.key_hash', repeat('00', 32), true); select count(*) from app.org; commit`,
]
