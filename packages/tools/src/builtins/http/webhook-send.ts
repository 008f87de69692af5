import { json } from '@orrery/contract'
import { fetchOutside, signWebhook } from '@orrery/kernel'
import { z } from 'zod'
import { toHttpFailure } from '../../http/http-failure.ts'
import { readAnswer } from '../../http/read-answer.ts'
import { defineBuiltIn, letters } from '../../port/define-built-in.ts'
import { deriveKey } from '../../port/derive-key.ts'
import { requireConnection } from '../../port/require-connection.ts'

/**
 * Signed as defined at https://www.standardwebhooks.com: a receiver with the secret can verify that the message is authentic, unchanged and
 * recent.
 */
export const webhookSend = defineBuiltIn({
  name: 'webhook.send',
  description: 'Sends JSON to a URL by POST, signed as defined by Standard Webhooks. All attempts of a call have the same webhook-id.',
  args: z.strictObject({
    url: letters(8_192, 1),
    payload: json.meta({ description: 'The body: any JSON; by convention an object of type, timestamp and data.' }),
    connection: z.string().meta({ description: 'Id or name of a connection of type webhook, which holds the secret.' }),
  }),
  output: z.strictObject({ status: z.int(), webhook_id: z.string() }),
  scopes: ['webhook:send'],
  costTier: 'low',
  timeoutMs: 30_000,
  examples: [
    {
      with: {
        url: 'https://hooks.example.com/orders',
        payload: { type: 'order.paid', timestamp: '2026-11-05T12:30:00Z', data: { order: 1042 } },
        connection: 'orders-hook',
      },
      gives: { status: 204, webhook_id: 'msg_PmmsPxhhBEyzq0tYTtmbUZ1zkv3zRKXO' },
    },
  ],

  async call({ url, payload, connection }, context) {
    const { secret } = await requireConnection(context, connection, ['webhook'])
    const id = `msg_${deriveKey(context.idempotencyKey, 'webhook')}`
    const body = JSON.stringify(payload)
    const answer = await fetchOutside(
      {
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signWebhook(secret, { id, body, nowMs: context.ctx.clock.now() }) },
        body,
        redirect: 'error',
        signal: context.signal,
      },
      context.outside,
    )
    if (answer.status < 200 || answer.status > 299) throw toHttpFailure(answer, readAnswer(answer, (text) => text).body)
    return { output: { status: answer.status, webhook_id: id } }
  },
})
