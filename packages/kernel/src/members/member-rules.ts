import type { LoginMethod } from '../context/identity.ts'

/** What an organization demands of its members. */
export interface MemberRules {
  readonly passkeyRequired: boolean
  /** Empty: any. */
  readonly mailDomains: readonly string[]
}

const BY_PASSKEY: readonly LoginMethod[] = ['passkey', 'passkey_device']

/** The problem of the first rule that a member with this address breaks, with a login that was made in this way. Null: none. */
export function findBrokenRule(rules: MemberRules, email: string, method: LoginMethod): 'passkey_required' | 'mail_domain_refused' | null {
  if (!isAllowedMail(rules.mailDomains, email)) return 'mail_domain_refused'
  return rules.passkeyRequired && !BY_PASSKEY.includes(method) ? 'passkey_required' : null
}

/** Whether an organization with these domains may have a member with this address. Subdomains are other domains. */
function isAllowedMail(domains: readonly string[], email: string): boolean {
  return domains.length === 0 || domains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase())
}
