import type { BuiltIn } from '../tool-port.ts'
import { automationArgument, CHANGING, meantBy, paramsArgument, paramsIn, withAutomations } from './automations-parts.ts'

export const automationsRunNow: BuiltIn = {
  name: 'orchestrator.run_now',
  description:
    'Runs an automation now. Its schedule goes on as it was. It does not wait for the run; an attempt that is repeated starts no second one.',
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
  scopes: CHANGING,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call(given, context) {
    const params = paramsIn(given)
    const { ctx, idempotencyKey: requestKey } = context
    const { firingId, automation, outcome, reason, runId } = await withAutomations(context, (port) =>
      port.askForRun(ctx.org, meantBy(given), { requestKey, atMs: null, params }),
    )
    return { output: { firing_id: firingId, automation, outcome, reason, run_id: runId } }
  },
}
