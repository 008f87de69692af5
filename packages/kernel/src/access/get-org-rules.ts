import type { Ctx } from '../context/context.ts'
import type { AnswerTo } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'
import { selectRules } from './org-store.ts'

export function getOrgRules(ctx: Ctx): Promise<AnswerTo<'orgs.rules'>> {
  return withOrg(ctx, (tx) => findRules(ctx, tx))
}

export async function findRules(ctx: Ctx, tx: Transaction) {
  const row = await selectRules(tx, ctx.org)
  if (row === undefined) throw new Error('The organization of a caller is gone')
  return { passkeyRequired: row.passkey_required, mailDomains: row.mail_domains }
}
