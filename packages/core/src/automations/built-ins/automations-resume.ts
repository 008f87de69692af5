import { actInRun, defineBuiltIn } from '@orrery/tools'
import { z } from 'zod'
import { automationArgument, CHANGING, findNamed, statusOutput } from './parts.ts'

export const automationsResume = defineBuiltIn({
  name: 'orchestrator.resume',
  description: 'Resumes an automation that is paused or snoozed, and forgets its failures.',
  args: z.strictObject({ task: automationArgument }),
  output: statusOutput,
  scopes: CHANGING,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call({ task }, context) {
    const automation = await findNamed(context, task)
    const { name, status } = await actInRun(context, 'automations.resume', { automation })
    return { output: { automation: name, status } }
  },
})
