import { problem } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import { selectMemberByEmail } from './member-store.ts'

/** @throws member.already: a member of the organization has this e-mail address, in whatever case it is written */
export async function requireNoMember(tx: Transaction, org: string, email: string): Promise<void> {
  const found = await selectMemberByEmail(tx, org, email)
  if (found !== undefined) throw problem('member.already', `${found.name} is a member already, as ${found.email}.`)
}
