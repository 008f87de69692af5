import { encodeId, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { getMember } from '../members/get-member.ts'
import { findBrokenRule, type MemberRules } from '../members/member-rules.ts'
import { findRules } from './get-org-rules.ts'
import { updateRules } from './org-store.ts'

/** Other processes notice when their cache entries for the members expire (AUTHENTICATED_FOR_MS). */
export async function setOrgRules(ctx: Ctx, input: InputFor<'orgs.setRules'>): Promise<AnswerTo<'orgs.setRules'>> {
  const { passkeyRequired, mailDomains } = input
  if (passkeyRequired === undefined && mailDomains === undefined) {
    throw problem('invalid_input', 'Nothing would change.', {
      errors: [{ path: 'passkeyRequired', message: 'Pass at least one of passkeyRequired and mailDomains', expected: 'true or false' }],
    })
  }
  const rules = await withOrg(ctx, async (tx) => {
    const before = await findRules(ctx, tx)
    const after = {
      passkeyRequired: passkeyRequired ?? before.passkeyRequired,
      mailDomains: mailDomains === undefined ? before.mailDomains : [...new Set(mailDomains)],
    }
    await refuseLockout(ctx, after)
    await updateRules(tx, ctx.org, after)
    return after
  })
  const org = encodeId('org', ctx.org)
  await emitEvent(ctx, 'org.rules_changed', org, rules)
  ctx.note(org, rules)
  ctx.afterCommit(() => ctx.kernel.authenticator.forgetWhere((identity) => identity.org === ctx.org && identity.actor.type === 'member'))
  return rules
}

/** @throws org.rule_locks_out */
async function refuseLockout(ctx: Ctx, rules: MemberRules): Promise<void> {
  if (ctx.login === null) return
  const { email } = await getMember(ctx, { memberId: ctx.actor.id })
  const broken = findBrokenRule(rules, email, ctx.login.method)
  if (broken === null) return
  const detail = {
    passkey_required: 'Your own login was not made with a passkey: log in with one first.',
    mail_domain_refused: `Your own address is ${email}: include its domain.`,
  }[broken]
  throw problem('org.rule_locks_out', detail)
}
