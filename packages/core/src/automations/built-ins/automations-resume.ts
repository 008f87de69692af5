import { actInRun, type BuiltIn } from '@orrery/tools'
import { automationArgument, CHANGING, findNamedBy, statusOutput } from './parts.ts'

export const automationsResume: BuiltIn = {
  name: 'orchestrator.resume',
  description: 'Resumes an automation that is paused or snoozed, and forgets its failures.',
  inputSchema: {
    type: 'object',
    properties: { task: automationArgument },
    required: ['task'],
    additionalProperties: false,
  },
  outputSchema: statusOutput,
  scopes: CHANGING,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call(given, context) {
    const automation = await findNamedBy(context, given)
    const { name, status } = await actInRun(context, 'automations.resume', { automation })
    return { output: { automation: name, status } }
  },
}
