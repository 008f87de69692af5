import { actInRun, defineBuiltIn } from '@orrery/tools'
import { z } from 'zod'
import { automationArgument, resolveTaskArgument, statusOutput, WRITE_SCOPES } from './parts.ts'

export const automationsResume = defineBuiltIn({
  name: 'orchestrator.resume',
  description: 'Resumes an automation that is paused or snoozed, and resets its count of failures.',
  args: z.strictObject({ task: automationArgument }),
  output: statusOutput,
  scopes: WRITE_SCOPES,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call({ task }, context) {
    const automation = await resolveTaskArgument(context, task)
    const { name, status } = await actInRun(context, 'automations.resume', { automation })
    return { output: { automation: name, status } }
  },
})
