import { z } from 'zod'
import { automationRef } from '../nouns/automation.ts'
import { defineOperation } from '../operation.ts'
import { name } from '../scalars.ts'

export const rotateWebhook = defineOperation({
  name: 'automations.rotateWebhook',
  summary: 'Create a new address for a webhook',
  description:
    'Shows, only once, the secret address of a webhook trigger and, if its deliveries are signed, the signing secret. The previous address ' +
    'and secret stop working at once.',
  input: z.strictObject({
    automation: automationRef,
    trigger: name.optional().meta({ description: 'The key of the trigger. Required if the automation has several webhooks.' }),
  }),
  output: z.object({
    trigger: z.string(),
    signature: z.enum(['none', 'standard', 'github']),
    url: z
      .string()
      .nullable()
      .meta({ description: 'The address; anyone who knows it can deliver. Only its path if the server has no public URL.' }),
    signingSecret: z.string().nullable().meta({ description: 'The signing secret, for the sender; null if deliveries are not signed.' }),
  }),
  problems: ['automation.not_found', 'automation.trigger_not_found'],
  permission: 'automations:write',
  effect: 'write',
  idempotent: false,
  audit: 'automation.webhook_rotated',
  http: { method: 'POST', path: '/automations/{automation}/rotate-webhook' },
  cli: { verb: 'automations rotate-webhook', positionals: ['automation'] },
  secrets: ['url', 'signingSecret'],
})
