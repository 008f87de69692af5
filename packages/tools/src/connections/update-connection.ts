import { type AnswerTo, type Ctx, emitEvent, type InputFor, orProblem, toUuid, withOrg } from '@orrery/kernel'
import { type ConnectionRow, toConnection } from './connection-row.ts'
import { readSecrets, splitSettings } from './connection-secrets.ts'
import { changeConnection, lockConnection } from './connection-store.ts'
import { planSettingsChange } from './plan-settings-change.ts'

/** Every update seals all secrets again with the active key. */
export function updateConnection(ctx: Ctx, input: InputFor<'connections.update'>): Promise<AnswerTo<'connections.update'>> {
  return withOrg(ctx, async (tx) => {
    const found = await lockConnection(tx, ctx.org, toUuid('con', input.connectionId))
    const before = orProblem(found, 'connection.not_found', `There is no connection ${input.connectionId}.`)
    const plan = planSettingsChange(before, input.settings ?? before.settings)
    const whole = plan.complete(readSecrets(ctx.kernel.secretKeys, before, plan.kept))
    const row: ConnectionRow = {
      ...before,
      name: input.name ?? before.name,
      ...splitSettings(ctx.kernel.secretKeys, before, whole),
      updated_at: new Date(ctx.clock.now()),
    }
    await changeConnection(tx, row)
    const summary = { name: row.name, type: row.settings.type }
    await emitEvent(ctx, 'connection.updated', input.connectionId, summary)
    ctx.note(input.connectionId, { ...summary, changed: changedFields(input) })
    return toConnection(row)
  })
}

/** Names of the fields in the request, including secret ones. */
function changedFields({ name, settings }: InputFor<'connections.update'>): string[] {
  const given = Object.entries(settings ?? {}).filter(([field, value]) => field !== 'type' && value !== undefined)
  return [...(name === undefined ? [] : ['name']), ...given.map(([field]) => `settings.${field}`)]
}
