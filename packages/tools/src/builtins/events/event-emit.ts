import type { Json } from '@orrery/contract'
import { actInRun } from '../../port/act-in-run.ts'
import type { BuiltIn } from '../../port/tool-port.ts'

const PAYLOAD_BYTES_MAX = 65_536

interface Args {
  readonly topic: string
  readonly source?: string
  readonly payload?: Json
}

export const eventEmit: BuiltIn = {
  name: 'event.emit',
  description:
    'Writes an event to the log of the organization: subscribers see it, and automations with a trigger for its topic fire. ' +
    'An attempt that is repeated writes no second one.',
  inputSchema: {
    type: 'object',
    properties: {
      topic: {
        type: 'string',
        maxLength: 128,
        pattern: '^[a-z0-9_-]+([.][a-z0-9_-]+)*$',
        description: 'Its type, such as order.paid. The words that Orrery begins its own with are taken.',
      },
      source: {
        type: 'string',
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
        description: 'Who says so, or what it is about; it becomes the subject. Without one, the id of the run.',
      },
      payload: { default: null, description: `Any JSON of at most ${PAYLOAD_BYTES_MAX} bytes.` },
    },
    required: ['topic'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: { type: { type: 'string' }, subject: { type: 'string' }, at: { type: 'string', format: 'date-time' } },
    required: ['type', 'subject', 'at'],
    additionalProperties: false,
  },
  scopes: ['events:emit'],
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [
    {
      with: { topic: 'order.paid', source: 'order-1042', payload: { total: 99.5, currency: 'EUR' } },
      gives: { type: 'order.paid', subject: 'order-1042', at: '2026-11-05T12:30:00.000Z' },
    },
  ],

  async call(given, context) {
    const { topic, source = context.runId, payload = null } = given as unknown as Args
    const { type, subject, at } = await actInRun(context, 'events.emit', { topic, source, payload })
    return { output: { type, subject, at } }
  },
}
