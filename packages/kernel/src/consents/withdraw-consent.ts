import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { withOrg } from '../context/with-org.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toConsent } from './consent-row.ts'
import { deleteConsent } from './consent-store.ts'

/** Other processes notice when their cache entry for a token expires (AUTHENTICATED_FOR_MS). */
export async function withdrawConsent(ctx: Ctx, { consentId }: InputFor<'consents.withdraw'>): Promise<AnswerTo<'consents.withdraw'>> {
  const person = requireLogin(ctx).person
  const gone = await withOrg(ctx, (tx) => deleteConsent(tx, person, toUuid('cns', consentId)))
  const { client, ...row } = toConsent(orProblem(gone, 'consent.not_found', `You allowed nothing under ${consentId}.`))
  ctx.note(consentId, { client: { ...client }, scopes: row.scopes })
  ctx.afterCommit(() => ctx.kernel.authenticator.forget(ctx.actor.id))
  return { client, ...row }
}
