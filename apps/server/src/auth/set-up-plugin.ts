import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { z } from 'zod'

/** What the page of the first link sends. */
const form = z.strictObject({
  token: z.string().min(1).max(200),
  name: z.string().trim().min(1).max(128),
  email: z.email().max(254).toLowerCase(),
})

/** Makes the first person and returns its id. Null: the link is not good. */
export type SetUp = (filled: z.infer<typeof form>) => Promise<string | null>

/** `POST /auth/setup`: makes the first person and logs it in. */
export function setUpPlugin(setUp: SetUp) {
  return {
    id: 'orrery-setup',
    endpoints: {
      setUp: createAuthEndpoint('/setup', { method: 'POST', body: form }, async (ctx) => {
        const person = await setUp(ctx.body)
        if (person === null) throw new APIError('UNAUTHORIZED', { code: 'link_not_good', message: LINK_NOT_GOOD })
        const { internalAdapter } = ctx.context
        const [user, session] = [await internalAdapter.findUserById(person), await internalAdapter.createSession(person)]
        if (user === null) throw new Error('The first person is missing')
        await setSessionCookie(ctx, { session, user })
        return ctx.json({ name: user.name })
      }),
    },
  } satisfies BetterAuthPlugin
}

const LINK_NOT_GOOD = 'This link was used, or is older than an hour. Restart the server: it prints a new one while there is no person.'
