import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, emitEvent, type InputFor, newId, withOrg } from '@orrery/kernel'
import { type ShownSettings, toConnection } from './connection-row.ts'
import { splitSettings } from './connection-secrets.ts'
import { insertConnection } from './connection-store.ts'

export async function createConnection(ctx: Ctx, input: InputFor<'connections.create'>): Promise<AnswerTo<'connections.create'>> {
  const now = ctx.clock.now()
  const id = { org_id: ctx.org, connection_id: newId(now) }
  const settings = splitSettings(ctx.kernel.secretKeys, id, input.settings as ShownSettings)
  const row = { ...id, name: input.name, ...settings, created_at: new Date(now), updated_at: new Date(now) }
  await withOrg(ctx, (tx) => insertConnection(tx, row))
  const summary = { name: row.name, type: row.settings.type }
  await emitEvent(ctx, 'connection.created', encodeId('con', row.connection_id), summary)
  ctx.note(encodeId('con', row.connection_id), summary)
  return toConnection(row)
}
