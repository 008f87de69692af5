import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import type { TriggerRow } from '../automation-row.ts'
import { lockAutomation } from '../automation-store.ts'
import { pickTrigger } from '../pick-trigger.ts'
import { lockTriggers } from '../trigger-store.ts'
import { changeWebhook, type WebhookRow } from '../webhook-store.ts'
import { sealSigningSecret } from './signing-secret.ts'
import { makeSigningSecret } from './verify-signature.ts'
import { hashWebhookToken, makeWebhookToken } from './webhook-token.ts'

/** Creates a new address and a new signing secret for a webhook. The old ones become invalid at the commit. */
export function rotateWebhook(ctx: Ctx, input: InputFor<'automations.rotateWebhook'>): Promise<AnswerTo<'automations.rotateWebhook'>> {
  return withOrg(ctx, async (tx) => {
    const automation = await lockAutomation(tx, ctx.org, input.automation)
    const webhooks = (await lockTriggers(tx, ctx.org, automation.automation_id)).filter(isWebhook)
    const row = pickTrigger(automation, webhooks, input.trigger)
    const { signature = 'none' } = row.definition
    const token = makeWebhookToken(ctx.kernel.secretKeys)
    const signingSecret = signature === 'none' ? null : makeSigningSecret(signature)
    const ref = { org: ctx.org, triggerId: row.trigger_id }
    await changeWebhook(tx, ref, {
      tokenHash: hashWebhookToken(token),
      signingSecret: signingSecret === null ? null : sealSigningSecret(ctx.kernel.secretKeys, ref, signingSecret),
    })
    ctx.note(encodeId('aut', automation.automation_id), { name: automation.name, trigger: row.key })
    return { trigger: row.key, signature, url: `${ctx.kernel.publicUrl()}/hooks/${token}`, signingSecret }
  })
}

const isWebhook = (row: TriggerRow): row is TriggerRow & Pick<WebhookRow, 'definition'> => row.type === 'webhook'
