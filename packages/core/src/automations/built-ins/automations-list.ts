import { actInRun, defineBuiltIn, formatted, letters } from '@orrery/tools'
import { z } from 'zod'

const ITEMS_MAX = 100

export const automationsList = defineBuiltIn({
  name: 'orchestrator.list',
  description: `Lists automations, newest first, up to ${ITEMS_MAX}.`,
  args: z.strictObject({
    text: letters(200, 1).optional().meta({ description: 'A text that the name or the title contains.' }),
    status: z.enum(['active', 'paused', 'snoozed', 'ended']).optional(),
  }),
  output: z.strictObject({
    items: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        title: z.string(),
        status: z.string(),
        next_at: formatted('date-time').nullable(),
      }),
    ),
  }),
  scopes: ['automations:read'],
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { status: 'active' } }],

  async call({ text, status }, context) {
    const filter = { limit: ITEMS_MAX, ...(text === undefined ? {} : { text }), ...(status === undefined ? {} : { status }) }
    const found = await actInRun(context, 'automations.list', filter)
    const items = found.items.map(({ id, name, title, status, nextAt }) => ({ id, name, title, status, next_at: nextAt }))
    return { output: { items } }
  },
})
