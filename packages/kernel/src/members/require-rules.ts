import { problem } from '@orrery/contract'
import type { LoginMethod } from '../context/identity.ts'
import type { MemberOfPersonRow } from './member-row.ts'
import { findBrokenRule } from './member-rules.ts'

/** The rule of its organization that a member breaks with a login that was made in this way. Null: none. */
export function findRuleBrokenBy(member: MemberOfPersonRow, method: LoginMethod) {
  const { passkey_required: passkeyRequired, mail_domains: mailDomains, email } = member
  return findBrokenRule({ passkeyRequired, mailDomains }, email, method)
}

/** @throws passkey_required, mail_domain_refused */
export function requireRules(member: MemberOfPersonRow, method: LoginMethod): void {
  const broken = findRuleBrokenBy(member, method)
  if (broken === null) return
  const detail = {
    passkey_required: `Log in with a passkey to act in ${member.org_name}.`,
    mail_domain_refused: `${member.org_name} has no members with addresses such as ${member.email}.`,
  }[broken]
  throw problem(broken, detail)
}
