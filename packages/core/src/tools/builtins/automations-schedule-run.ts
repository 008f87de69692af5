import { clockMs, parseDuration } from '@orrery/recurrence'
import { type BuiltIn, ToolError } from '../tool-port.ts'
import { automationArgument, CHANGING, meantBy, paramsArgument, paramsIn, withAutomations } from './automations-parts.ts'

interface Args {
  readonly delay_hours?: number
  readonly delay?: string
  readonly at?: string
}

const msPerHour = 3_600_000

export const automationsScheduleRun: BuiltIn = {
  name: 'orchestrator.schedule_task',
  description:
    'Runs an automation once, later: after `delay_hours` or `delay` (such as 2h30m), or `at` a time. Whether it may run is decided at that time, ' +
    'by its overlap policy; if it is paused by then, it is left out. An attempt that is repeated schedules nothing twice.',
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
  scopes: CHANGING,
  costTier: 'free',
  timeoutMs: 10_000,
  examples: [{ with: { task: 'client_follow_up', delay_hours: 24, params: { client_id: 'c-1042' } } }],

  async call(given, context) {
    const args = given as unknown as Args
    const { ctx, idempotencyKey: requestKey } = context
    const atMs = timeOf(args, ctx.clock.now())
    const asked = await withAutomations(context, (port) =>
      port.askForRun(ctx.org, meantBy(given), { requestKey, atMs, params: paramsIn(given) }),
    )
    return { output: { firing_id: asked.firingId, automation: asked.automation, fires_at: new Date(asked.firesAtMs).toISOString() } }
  },
}

const latestMs = Date.parse('9999-12-31T23:59:59.999Z')

function timeOf({ delay_hours: hours, delay, at }: Args, nowMs: number): number {
  const ms = Math.round(
    hours !== undefined ? nowMs + hours * msPerHour : delay !== undefined ? nowMs + lengthOf(delay) : Date.parse(at ?? ''),
  )
  if (Number.isNaN(ms) || ms > latestMs)
    throw new ToolError('InvalidTime', `${at ?? delay} is no time before the year 10000`, { isRetryable: false })
  return Math.max(ms, nowMs)
}

function lengthOf(text: string): number {
  const parsed = parseDuration(text)
  if (parsed.ok) return clockMs(parsed.value)
  throw new ToolError('InvalidDuration', parsed.problem.message, { isRetryable: false })
}
