import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { requireLogin } from '../context/require-login.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
import { toConsent } from './consent-row.ts'
import { selectConsents } from './consent-store.ts'

export async function listConsents(ctx: Ctx, input: InputFor<'consents.list'>): Promise<AnswerTo<'consents.list'>> {
  const person = requireLogin(ctx).person
  const [after = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const rows = await selectConsents(ctx.kernel.database.people, person, after, input.limit + 1)
  return toPage(rows, input.limit, toConsent, ({ id }) => [id])
}
