import { actInRun, defineBuiltIn } from '@orrery/tools'
import { z } from 'zod'
import { automationArgument, CHANGING, findNamed, paramsArgument } from './parts.ts'

export const automationsRunNow = defineBuiltIn({
  name: 'orchestrator.run_now',
  description:
    'Runs an automation now. Its schedule goes on as it was. It does not wait for the run; an attempt that is repeated starts no second one.',
  args: z.strictObject({ task: automationArgument, params: paramsArgument }),
  output: z.strictObject({
    firing_id: z.string(),
    automation: z.string(),
    outcome: z.enum(['started', 'existing', 'buffered', 'skipped', 'failed', 'scheduled']),
    reason: z.string().nullable(),
    run_id: z.string().nullable(),
  }),
  scopes: CHANGING,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'daily-briefing' } }],

  async call({ task, params }, context) {
    const automation = await findNamed(context, task)
    const { firing } = await actInRun(context, 'automations.runNow', { automation, ...(params === undefined ? {} : { params }) })
    const { id, outcome, reason, runId } = firing
    return { output: { firing_id: id, automation, outcome, reason, run_id: runId } }
  },
})
