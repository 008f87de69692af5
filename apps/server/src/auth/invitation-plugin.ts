import type { AcceptOptions, AcceptOutcome, FoundInvitation } from '@orrery/kernel'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthEndpoint, getSessionFromCtx } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { z } from 'zod'
import { REQUEST_HEADER } from './request-headers.ts'

const link = z.strictObject({ token: z.string().min(1).max(200) })
const acceptance = link.extend({ name: z.string().trim().max(128).optional() })

export interface Invitations {
  /** Null: the link is not good. */
  readonly find: (token: string) => Promise<FoundInvitation | null>
  readonly accept: (options: AcceptOptions) => Promise<AcceptOutcome>
}

/** `POST /auth/invitation` shows what a link invites to, `POST /auth/invitation/accept` accepts it and logs a new person in. */
export function invitationPlugin({ find, accept }: Invitations) {
  return {
    id: 'orrery-invitation',
    endpoints: {
      findInvitation: createAuthEndpoint('/invitation', { method: 'POST', body: link }, async (ctx) => {
        const found = await find(ctx.body.token)
        if (found === null) throw notGood()
        const { orgName, email, name, role, isPersonKnown } = found
        const session = await getSessionFromCtx(ctx)
        return ctx.json({ orgName, email, name, role, isPersonKnown, loggedInAs: session?.user.email ?? null })
      }),
      acceptInvitation: createAuthEndpoint('/invitation/accept', { method: 'POST', body: acceptance }, async (ctx) => {
        const session = await getSessionFromCtx(ctx)
        const { name } = ctx.body
        const outcome = await accept({
          token: ctx.body.token,
          person: session === null ? null : session.user,
          ...(name === undefined || name === '' ? {} : { name }),
          requestId: ctx.headers?.get(REQUEST_HEADER) ?? '',
        })
        if (outcome.outcome === 'not_found') throw notGood()
        if (outcome.outcome !== 'accepted' || !outcome.isNewPerson) return ctx.json({ outcome: outcome.outcome, isNewPerson: false })
        const { internalAdapter } = ctx.context
        const [user, login] = [await internalAdapter.findUserById(outcome.person), await internalAdapter.createSession(outcome.person)]
        if (user === null) throw new Error('The new person is missing')
        await setSessionCookie(ctx, { session: login, user })
        return ctx.json({ outcome: outcome.outcome, isNewPerson: true })
      }),
    },
  } satisfies BetterAuthPlugin
}

function notGood(): APIError {
  const message = 'This invitation was accepted or withdrawn, or is older than seven days. Ask for another one.'
  return new APIError('UNAUTHORIZED', { code: 'link_not_good', message })
}
