import { actInRun, defineBuiltIn, letters } from '@orrery/tools'
import { z } from 'zod'
import { automationArgument, CHANGING, findNamed, statusOutput } from './parts.ts'

export const automationsPause = defineBuiltIn({
  name: 'orchestrator.pause',
  description: 'Pauses an automation: nothing fires by itself until it is resumed.',
  args: z.strictObject({ task: automationArgument, note: letters(500).optional().meta({ description: 'Why.' }) }),
  output: statusOutput,
  scopes: CHANGING,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call({ task, note }, context) {
    const automation = await findNamed(context, task)
    const { name, status } = await actInRun(context, 'automations.pause', { automation, ...(note === undefined ? {} : { note }) })
    return { output: { automation: name, status } }
  },
})
