import { actInRun, defineBuiltIn } from '@orrery/tools'
import { z } from 'zod'
import { automationArgument, outcomeMember, paramsArgument, resolveTaskArgument, WRITE_SCOPES } from './parts.ts'

export const automationsRunNow = defineBuiltIn({
  name: 'orchestrator.run_now',
  description:
    'Runs an automation now. Its schedule does not change. Does not wait for the end of the run. A repeated attempt starts no second run.',
  args: z.strictObject({ task: automationArgument, params: paramsArgument }),
  output: z.strictObject({
    firing_id: z.string(),
    automation: z.string(),
    outcome: outcomeMember,
    reason: z.string().nullable(),
    run_id: z.string().nullable(),
  }),
  scopes: WRITE_SCOPES,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call({ task, params }, context) {
    const automation = await resolveTaskArgument(context, task)
    const { firing } = await actInRun(context, 'automations.runNow', { automation, ...(params === undefined ? {} : { params }) })
    const { id, outcome, reason, runId } = firing
    return { output: { firing_id: id, automation, outcome, reason, run_id: runId } }
  },
})
