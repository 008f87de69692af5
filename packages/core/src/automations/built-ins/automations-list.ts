import { actInRun, type BuiltIn } from '@orrery/tools'

const ITEMS_MAX = 100

interface Args {
  readonly text?: string
  readonly status?: 'active' | 'paused' | 'snoozed' | 'ended'
}

export const automationsList: BuiltIn = {
  name: 'orchestrator.list',
  description: `Lists automations, newest first, up to ${ITEMS_MAX}.`,
  inputSchema: {
    type: 'object',
    properties: {
      text: { type: 'string', minLength: 1, maxLength: 200, description: 'A text that the name or the title contains.' },
      status: { enum: ['active', 'paused', 'snoozed', 'ended'] },
    },
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      items: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            id: { type: 'string' },
            name: { type: 'string' },
            title: { type: 'string' },
            status: { type: 'string' },
            next_at: { type: ['string', 'null'], format: 'date-time' },
          },
          required: ['id', 'name', 'title', 'status', 'next_at'],
          additionalProperties: false,
        },
      },
    },
    required: ['items'],
    additionalProperties: false,
  },
  scopes: ['automations:read'],
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { status: 'active' } }],

  async call(given, context) {
    const { text, status } = given as unknown as Args
    const filter = { limit: ITEMS_MAX, ...(text === undefined ? {} : { text }), ...(status === undefined ? {} : { status }) }
    const found = await actInRun(context, 'automations.list', filter)
    const items = found.items.map(({ id, name, title, status, nextAt }) => ({ id, name, title, status, next_at: nextAt }))
    return { output: { items } }
  },
}
