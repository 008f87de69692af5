/** The first person of an installation: a start prints a link, and opening it makes the person. */
import { hash, randomBytes, randomUUID } from 'node:crypto'
import { transactAsSystem } from '../call/act-as-system.ts'
import type { Kernel } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import { addMember } from '../members/add-member.ts'
import { type FirstPersonRow, hasPerson, insertFirstPerson, insertSetupLink } from './setup-store.ts'

/** How long the link of a start is good. The next start prints another one. */
const LINK_MS = 3_600_000

/** The secret of a new link. Null: there is a person already. @param nowMs the database's time, in ms since the epoch */
export async function offerSetup({ people }: Database, nowMs: number): Promise<string | null> {
  if (await hasPerson(people)) return null
  const token = randomBytes(32).toString('base64url')
  await insertSetupLink(people, { hash: hashOf(token), expires_at: new Date(nowMs + LINK_MS) }, new Date(nowMs))
  return token
}

export interface FirstPerson extends Omit<FirstPersonRow, 'id'> {
  /** The secret of a link. */
  readonly token: string
}

/**
 * Makes the first person, an admin of an organization (a UUID) who also administers the installation. Returns its id. Null: the link is not
 * good, was used, or is too old.
 */
export async function makeFirstPerson(kernel: Kernel, org: string, { token, name, email }: FirstPerson): Promise<string | null> {
  const id = randomUUID()
  return transactAsSystem(kernel, org, 'setup', async (ctx, tx) => {
    const isMade = await insertFirstPerson(tx, hashOf(token), { id, name, email }, new Date(ctx.clock.now()))
    if (!isMade) return null
    await addMember(ctx, tx, { person: id, name, email, role: 'admin' }, { setup: true })
    return id
  })
}

function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}
