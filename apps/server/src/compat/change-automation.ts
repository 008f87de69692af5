import { hash, randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type AutomationDefinition, decodeId, type InputOf, type OutputOf, ProblemError } from '@orrery/contract'
import type { Exchange } from './contract-route.ts'

type Change = Omit<InputOf<'automations.update'>, 'automation' | 'ifVersion' | 'ordinaut'>

/** The changes that turn `before` into `after`. Null removes a member. */
export function changesOf(before: AutomationDefinition, after: AutomationDefinition): Change {
  const members = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof AutomationDefinition)[]
  const different = members.filter((member) => !isDeepStrictEqual(before[member], after[member]))
  return Object.fromEntries(different.map((member) => [member, after[member] ?? null])) as Change
}

type Named = InputOf<'automations.create'>

/**
 * Creates an automation under a free name. Titles of tasks were not unique and could be in any script. If the name made from the
 * title is taken, a suffix is added, which is the same for a request that is repeated under its idempotency key.
 */
export async function createNamed(exchange: Exchange, read: () => Promise<Named>): Promise<OutputOf<'automations.create'>> {
  let input: Named | undefined
  const readOnce = async () => {
    input ??= withName(await read())
    return input
  }
  try {
    return await exchange.call('automations.create', readOnce)
  } catch (error) {
    const isTaken = error instanceof ProblemError && (error.code === 'automation.name_taken' || error.code === 'idempotency.key_reused')
    if (!isTaken || input === undefined) throw error
    const key = exchange.idempotencyKey
    const suffix = key === null ? randomBytes(4).toString('hex') : hash('sha256', key).slice(0, 8)
    return await exchange.call('automations.create', { ...input, name: `${nameOf(input.title)}-${suffix}` }, { idempotencyKey: key })
  }
}

const withName = (input: Named): Named => (nameOf(input.title) === FALLBACK ? { ...input, name: FALLBACK } : input)
const FALLBACK = 'task'

/** Makes a name from a title by the same rule as `automations.create`. */
function nameOf(title = ''): string {
  const words = title
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
  return words.replaceAll(/^-+|-+$/g, '').slice(0, 100) || FALLBACK
}

/** The UUID of the calling key. Ordinaut's agents had UUIDs. */
export async function callingKeyId(exchange: Exchange): Promise<string | null> {
  return decodeId('key', (await exchange.identify()).actor.id)
}
