import { encodeId, PERMISSION_SETS, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { acrossOrgs } from '../context/with-org.ts'
import type { Transaction } from '../database/database.ts'
import { newId } from '../new-id.ts'
import type { SecretKeys } from '../secrets/secret-keys.ts'
import { makeApiKey } from './api-key.ts'
import { refuseTokens } from './create-key.ts'
import { insertKey } from './key-store.ts'
import { insertOrg } from './org-store.ts'

export async function createOrg(ctx: Ctx, input: InputFor<'orgs.create'>): Promise<AnswerTo<'orgs.create'>> {
  refuseTokens(ctx)
  const now = new Date(ctx.clock.now())
  const made = await acrossOrgs(ctx, (tx) =>
    insertOrgWithKey(tx, ctx.kernel.secretKeys, { name: input.name, scopes: PERMISSION_SETS.admin, now }),
  )
  if (made === null) throw problem('org.name_taken', `An organization named ${input.name} already exists.`)
  ctx.note(encodeId('org', made.org), { name: input.name })
  return {
    id: encodeId('org', made.org),
    name: input.name,
    createdAt: now.toISOString(),
    keyId: encodeId('key', made.key),
    secret: made.secret,
  }
}

/** Must run in a transaction that sees all organizations. Null: the name is taken. */
export async function insertOrgWithKey(
  tx: Transaction,
  keys: SecretKeys,
  { name, scopes, now }: { readonly name: string; readonly scopes: readonly string[]; readonly now: Date },
) {
  const org = newId(now.getTime())
  if (!(await insertOrg(tx, { org_id: org, name, created_at: now }))) return null
  const fresh = makeApiKey(keys)
  const key = newId(now.getTime())
  const row = {
    org_id: org,
    key_id: key,
    name: 'First key',
    prefix: fresh.prefix,
    scopes: [...scopes],
    created_at: now,
    expires_at: null,
    last_used_at: null,
    revoked_at: null,
  }
  await insertKey(tx, row, fresh.hash)
  return { org, key, secret: fresh.secret }
}
