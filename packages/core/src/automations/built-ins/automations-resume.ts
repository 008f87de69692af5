import { actInRun, type BuiltIn } from '@orrery/tools'
import { automationArgument, resolveTaskArgument, statusOutput, WRITE_SCOPES } from './parts.ts'

export const automationsResume: BuiltIn = {
  name: 'orchestrator.resume',
  description: 'Resumes an automation that is paused or snoozed, and resets its count of failures.',
  inputSchema: {
    type: 'object',
    properties: { task: automationArgument },
    required: ['task'],
    additionalProperties: false,
  },
  outputSchema: statusOutput,
  scopes: WRITE_SCOPES,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call(given, context) {
    const automation = await resolveTaskArgument(context, given)
    const { name, status } = await actInRun(context, 'automations.resume', { automation })
    return { output: { automation: name, status } }
  },
}
