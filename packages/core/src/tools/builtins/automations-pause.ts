import type { BuiltIn } from '../tool-port.ts'
import { automationArgument, CHANGING, meantBy, statusOutput, withAutomations } from './automations-parts.ts'

export const automationsPause: BuiltIn = {
  name: 'orchestrator.pause',
  description: 'Pauses an automation: nothing fires by itself until it is resumed.',
  inputSchema: {
    type: 'object',
    properties: { task: automationArgument, note: { type: 'string', maxLength: 500, description: 'Why.' } },
    required: ['task'],
    additionalProperties: false,
  },
  outputSchema: statusOutput,
  scopes: CHANGING,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call(given, context) {
    const note = typeof given.note === 'string' ? given.note : null
    const { automation, status } = await withAutomations(context, (port) => port.pause(context.ctx.org, meantBy(given), note))
    return { output: { automation, status } }
  },
}
