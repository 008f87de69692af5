import { actInRun, defineBuiltIn, letters } from '@orrery/tools'
import { z } from 'zod'
import { automationArgument, resolveTaskArgument, statusOutput, WRITE_SCOPES } from './parts.ts'

export const automationsPause = defineBuiltIn({
  name: 'orchestrator.pause',
  description: 'Pauses an automation: no trigger fires until it is resumed.',
  args: z.strictObject({ task: automationArgument, note: letters(500).optional().meta({ description: 'Why.' }) }),
  output: statusOutput,
  scopes: WRITE_SCOPES,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call({ task, note }, context) {
    const automation = await resolveTaskArgument(context, task)
    const { name, status } = await actInRun(context, 'automations.pause', { automation, ...(note === undefined ? {} : { note }) })
    return { output: { automation: name, status } }
  },
})
