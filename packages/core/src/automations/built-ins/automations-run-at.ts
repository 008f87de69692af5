import { formatDuration } from '@orrery/recurrence'
import { actInRun, defineBuiltIn, formatted, letters } from '@orrery/tools'
import { z } from 'zod'
import { automationArgument, outcomeMember, paramsArgument, resolveTaskArgument, WRITE_SCOPES } from './parts.ts'

const HOUR_MS = 3_600_000

export const automationsRunAt = defineBuiltIn({
  name: 'orchestrator.schedule_task',
  description:
    'Runs an automation once, later: after `delay_hours` or `delay` (such as 2h30m), or `at` a time. Its overlap policy decides at that time ' +
    'whether it runs; if it is paused by then, the run is skipped. A repeated attempt schedules nothing twice.',
  args: z
    .strictObject({
      task: automationArgument,
      delay_hours: z.number().min(0).max(876_600).optional(),
      delay: letters(64).optional().meta({ description: 'A duration: 30m, 1h30m, PT30M.' }),
      at: formatted('date-time').optional(),
      params: paramsArgument,
    })
    .meta({ oneOf: [{ required: ['delay_hours'] }, { required: ['delay'] }, { required: ['at'] }] }),
  output: z.strictObject({
    firing_id: z.string(),
    automation: z.string(),
    outcome: outcomeMember,
    reason: z.string().nullable(),
    fires_at: formatted('date-time'),
  }),
  scopes: WRITE_SCOPES,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'client_follow_up', delay_hours: 24, params: { client_id: 'c-1042' } } }],

  async call({ task, params, ...time }, context) {
    const automation = await resolveTaskArgument(context, task)
    const wanted = { automation, ...timeIn(time), ...(params === undefined ? {} : { params }) }
    const { firing } = await actInRun(context, 'automations.runAt', wanted)
    const { id, outcome, reason } = firing
    return { output: { firing_id: id, automation, outcome, reason, fires_at: firing.firesAt ?? firing.nominalAt } }
  },
})

interface WantedTime {
  readonly delay_hours?: number | undefined
  readonly delay?: string | undefined
  readonly at?: string | undefined
}

/** As it was written, so that a repeated attempt asks for the same. One of them was given. */
function timeIn({ delay_hours: hours, delay, at = '' }: WantedTime): { readonly at: string } | { readonly delay: string } {
  if (hours !== undefined) return { delay: formatDuration(Math.round(hours * HOUR_MS)) }
  return delay === undefined ? { at } : { delay }
}
