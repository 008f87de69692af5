import type { Ctx } from '../context/context.ts'
import type { AnswerTo } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { endOtherLogins } from './login-store.ts'

/** Other processes notice when their cache entries for the logins expire (AUTHENTICATED_FOR_MS). */
export async function endAllDevices(ctx: Ctx): Promise<AnswerTo<'devices.endAll'>> {
  const { id: current, person } = requireLogin(ctx)
  const ended = await endOtherLogins(ctx.kernel.database.people, { person, kept: current, at: new Date(ctx.clock.now()) })
  ctx.note(ctx.actor.id, { ended })
  ctx.afterCommit(() => ctx.kernel.authenticator.forgetWhere(({ login }) => login?.person === person))
  return { ended }
}
