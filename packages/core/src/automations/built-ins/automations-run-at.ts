import type { JsonObject } from '@orrery/contract'
import { formatDuration } from '@orrery/recurrence'
import { actInRun, type BuiltIn } from '@orrery/tools'
import { automationArgument, paramsArgument, paramsIn, resolveTaskArgument, WRITE_SCOPES } from './parts.ts'

const HOUR_MS = 3_600_000

export const automationsRunAt: BuiltIn = {
  name: 'orchestrator.schedule_task',
  description:
    'Runs an automation once, later: after `delay_hours` or `delay` (such as 2h30m), or `at` a time. Its overlap policy decides at that time ' +
    'whether it runs; if it is paused by then, the run is skipped. A repeated attempt schedules nothing twice.',
  inputSchema: {
    type: 'object',
    properties: {
      task: automationArgument,
      delay_hours: { type: 'number', minimum: 0, maximum: 876_600 },
      delay: { type: 'string', maxLength: 64, description: 'A duration: 30m, 1h30m, PT30M.' },
      at: { type: 'string', format: 'date-time' },
      params: paramsArgument,
    },
    required: ['task'],
    oneOf: [{ required: ['delay_hours'] }, { required: ['delay'] }, { required: ['at'] }],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: {
      firing_id: { type: 'string' },
      automation: { type: 'string' },
      fires_at: { type: 'string', format: 'date-time' },
    },
    required: ['firing_id', 'automation', 'fires_at'],
    additionalProperties: false,
  },
  scopes: WRITE_SCOPES,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'client_follow_up', delay_hours: 24, params: { client_id: 'c-1042' } } }],

  async call(given, context) {
    const automation = await resolveTaskArgument(context, given)
    const { firing } = await actInRun(context, 'automations.runAt', { automation, ...timeIn(given), ...paramsIn(given) })
    return { output: { firing_id: firing.id, automation, fires_at: firing.firesAt ?? firing.nominalAt } }
  },
}

/** The time as it was written, so that a repeated attempt makes the same request. */
function timeIn({ delay_hours: hours, delay, at }: JsonObject): { readonly at: string } | { readonly delay: string } {
  if (typeof hours === 'number') return { delay: formatDuration(Math.round(hours * HOUR_MS)) }
  return typeof delay === 'string' ? { delay } : { at: String(at) }
}
