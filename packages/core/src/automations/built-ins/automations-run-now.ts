import { actInRun, type BuiltIn } from '@orrery/tools'
import { automationArgument, paramsArgument, paramsIn, resolveTaskArgument, WRITE_SCOPES } from './parts.ts'

export const automationsRunNow: BuiltIn = {
  name: 'orchestrator.run_now',
  description:
    'Runs an automation now. Its schedule does not change. Does not wait for the end of the run. A repeated attempt starts no second run.',
  inputSchema: {
    type: 'object',
    properties: { task: automationArgument, params: paramsArgument },
    required: ['task'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      firing_id: { type: 'string' },
      automation: { type: 'string' },
      outcome: { enum: ['started', 'existing', 'buffered', 'skipped', 'failed', 'scheduled'] },
      reason: { type: ['string', 'null'] },
      run_id: { type: ['string', 'null'] },
    },
    required: ['firing_id', 'automation', 'outcome', 'reason', 'run_id'],
    additionalProperties: false,
  },
  scopes: WRITE_SCOPES,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call(given, context) {
    const automation = await resolveTaskArgument(context, given)
    const { firing } = await actInRun(context, 'automations.runNow', { automation, ...paramsIn(given) })
    const { id, outcome, reason, runId } = firing
    return { output: { firing_id: id, automation, outcome, reason, run_id: runId } }
  },
}
