import { z } from 'zod'
import { automationRef } from '../nouns/automation.ts'
import { defineOperation } from '../operation.ts'
import { name } from '../scalars.ts'

export const rotateWebhook = defineOperation({
  name: 'automations.rotateWebhook',
  summary: 'Make a new address for a webhook',
  description:
    'Shows the secret address of a webhook trigger and, if its deliveries are signed, the secret that signs them: once. The address and ' +
    'the secret that it had before end at once.',
  input: z.strictObject({
    automation: automationRef,
    trigger: name.optional().meta({ description: 'Key of the trigger; needed if it has several webhooks.' }),
  }),
  output: z.object({
    trigger: z.string(),
    signature: z.enum(['none', 'standard', 'github']),
    url: z.string().nullable().meta({ description: 'Whoever knows it can deliver. Without a public URL of the server: its path.' }),
    signingSecret: z.string().nullable().meta({ description: 'For the sender; null if nothing is signed.' }),
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
