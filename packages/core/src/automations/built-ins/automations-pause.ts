import { actInRun, type BuiltIn } from '@orrery/tools'
import { automationArgument, resolveTaskArgument, statusOutput, WRITE_SCOPES } from './parts.ts'

export const automationsPause: BuiltIn = {
  name: 'orchestrator.pause',
  description: 'Pauses an automation: no trigger fires until it is resumed.',
  inputSchema: {
    type: 'object',
    properties: { task: automationArgument, note: { type: 'string', maxLength: 500, description: 'Why.' } },
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
    const note = typeof given.note === 'string' ? { note: given.note } : {}
    const { name, status } = await actInRun(context, 'automations.pause', { automation, ...note })
    return { output: { automation: name, status } }
  },
}
