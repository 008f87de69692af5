import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { orProblem, toUuid } from '../public-ids.ts'
import { toDevice } from './list-devices.ts'
import { endLogin } from './login-store.ts'

/** Other processes notice when their cache entries for the login expire (AUTHENTICATED_FOR_MS). */
export async function endDevice(ctx: Ctx, { deviceId }: InputFor<'devices.end'>): Promise<AnswerTo<'devices.end'>> {
  const { id: current, person } = requireLogin(ctx)
  const ended = toUuid('dev', deviceId)
  const row = orProblem(
    await endLogin(ctx.kernel.database.people, { person, login: ended, at: new Date(ctx.clock.now()) }),
    'device.not_found',
    `You are not logged in on a device ${deviceId}.`,
  )
  ctx.note(deviceId)
  ctx.afterCommit(() => ctx.kernel.authenticator.forgetWhere(({ login }) => login?.id === ended))
  return toDevice(row, current)
}
