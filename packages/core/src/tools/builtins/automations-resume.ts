import type { BuiltIn } from '../tool-port.ts'
import { automationArgument, CHANGING, meantBy, statusOutput, withAutomations } from './automations-parts.ts'

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
    const { automation, status } = await withAutomations(context, (port) => port.resume(context.ctx.org, meantBy(given)))
    return { output: { automation, status } }
  },
}
