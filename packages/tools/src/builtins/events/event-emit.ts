import { json } from '@orrery/contract'
import { z } from 'zod'
import { actInRun } from '../../port/act-in-run.ts'
import { defineBuiltIn, formatted, letters } from '../../port/define-built-in.ts'

const PAYLOAD_BYTES_MAX = 65_536
/** Stands for events:write, which a caller needs to grant it (`permissionToGrant`). */
const SCOPE = 'events:emit'

export const eventEmit = defineBuiltIn({
  name: 'event.emit',
  description:
    'Writes an event to the log of the organization: subscribers see it, and automations with a trigger for its topic fire. ' +
    'A repeated attempt does not write a second event.',
  args: z.strictObject({
    topic: letters(128)
      .regex(/^[a-z0-9_-]+([.][a-z0-9_-]+)*$/)
      .meta({ description: 'Type of the event, such as order.paid. The first words of the types that Orrery itself uses are reserved.' }),
    source: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)
      .optional()
      .meta({ description: 'The source or the subject of the event, stored as its subject. Default: the id of the run.' }),
    payload: json.default(null).meta({ description: `Any JSON of at most ${PAYLOAD_BYTES_MAX} bytes.` }),
  }),
  output: z.strictObject({ type: z.string(), subject: z.string(), at: formatted('date-time') }),
  scopes: [SCOPE],
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [
    {
      with: { topic: 'order.paid', source: 'order-1042', payload: { total: 99.5, currency: 'EUR' } },
      gives: { type: 'order.paid', subject: 'order-1042', at: '2026-11-05T12:30:00.000Z' },
    },
  ],

  async call({ topic, source, payload }, context) {
    const { type, subject, at } = await actInRun(context, 'events.emit', { topic, source: source ?? context.runId, payload }, SCOPE)
    return { output: { type, subject, at } }
  },
})
