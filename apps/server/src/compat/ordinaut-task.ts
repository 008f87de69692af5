/** Parses a task as Ordinaut's API accepts it. Unknown members are ignored, as in Ordinaut. */
import { backoffStrategy, json, pipelineStep, text } from '@orrery/contract'
import { z } from 'zod'
import { recognizeSchedule, SCHEDULE_KINDS, type ScheduleKind } from './recognize-schedule.ts'

const fields = z.record(z.string(), json)

/** Ordinaut named a step without an id by its position. */
const steps = z.preprocess((value) => (Array.isArray(value) ? value.map(nameStep) : value), z.array(pipelineStep).max(200))
const nameStep = (step: unknown, at: number): unknown =>
  typeof step === 'object' && step !== null && !Array.isArray(step) ? { id: `step_${at + 1}`, ...step } : step

const payload = z.looseObject({ params: fields.optional(), pipeline: steps })

const MEMBERS = {
  title: text(200),
  description: text(2000, 0).nullable(),
  schedule_kind: z.enum(SCHEDULE_KINDS),
  schedule_expr: text(10_000).nullable(),
  /** The short form: an RRULE, a cron expression or a time. Its kind is recognized. */
  schedule: text(10_000),
  timezone: text(64),
  payload,
  /** The short form of `payload`, together with `params`. */
  pipeline: steps,
  params: fields,
  priority: z.number().int().min(1).max(9),
  dedupe_key: text(512).nullable(),
  dedupe_window_seconds: z.number().int().min(0).max(31_536_000),
  max_retries: z.number().int().min(0).max(10),
  backoff_strategy: backoffStrategy,
  concurrency_key: text(512).nullable(),
  created_by: text(128).nullable(),
}

/** A change of a task. Every member is optional; those present replace the old values. */
export const taskPatch = z.object({ ...MEMBERS, status: z.enum(['active', 'paused', 'canceled']) }).partial()
export type TaskPatch = z.infer<typeof taskPatch>

/** A task with all members, as stored with its automation. */
export const task = z.object({
  title: MEMBERS.title,
  description: z.string(),
  schedule_kind: MEMBERS.schedule_kind,
  schedule_expr: MEMBERS.schedule_expr,
  timezone: MEMBERS.timezone,
  payload,
  priority: MEMBERS.priority,
  dedupe_key: MEMBERS.dedupe_key,
  dedupe_window_seconds: MEMBERS.dedupe_window_seconds,
  max_retries: MEMBERS.max_retries,
  backoff_strategy: MEMBERS.backoff_strategy,
  concurrency_key: MEMBERS.concurrency_key,
  created_by: MEMBERS.created_by,
})
export type Task = z.infer<typeof task>

const given = z.object(MEMBERS).partial().required({ title: true })

/** A posted task, with defaults for the members that are missing. */
export const newTask = given.transform((body, ctx): Task => {
  const issue = (member: string, message: string) => ctx.addIssue({ code: 'custom', path: [member], message, input: undefined })
  const when = whenOf(body)
  if (when === null) issue('schedule', 'This is not an RRULE, a cron expression or a time: set schedule_kind and schedule_expr instead')
  else if (when === 'missing') issue(body.schedule_kind === undefined ? 'schedule_kind' : 'schedule_expr', 'Field required')
  const what = body.payload ?? (body.pipeline === undefined ? null : { pipeline: body.pipeline, ...paramsOf(body) })
  if (what === null) issue('payload', 'Field required')
  if (when === null || when === 'missing' || what === null) return z.NEVER
  return {
    title: body.title,
    description: body.description ?? '',
    schedule_kind: when.kind,
    schedule_expr: when.expr,
    timezone: body.timezone ?? 'UTC',
    payload: what,
    priority: body.priority ?? 5,
    dedupe_key: body.dedupe_key ?? null,
    dedupe_window_seconds: body.dedupe_window_seconds ?? 0,
    max_retries: body.max_retries ?? 3,
    backoff_strategy: body.backoff_strategy ?? 'exponential_jitter',
    concurrency_key: body.concurrency_key ?? null,
    created_by: body.created_by ?? null,
  }
})

type Given = z.infer<typeof given>

const paramsOf = ({ params }: Given) => (params === undefined ? {} : { params })

function whenOf({
  schedule,
  schedule_kind: kind,
  schedule_expr: expr,
}: Given): { readonly kind: ScheduleKind; readonly expr: string } | 'missing' | null {
  if (kind !== undefined) {
    const text = expr ?? schedule
    return text === undefined ? 'missing' : { kind, expr: text }
  }
  const short = schedule ?? expr
  return short === undefined || short === null ? 'missing' : recognizeSchedule(short)
}

/** Valid placeholders for the required members that a change does not name. */
const PLACEHOLDERS = { title: '-', schedule_kind: 'event', schedule_expr: '-', payload: { pipeline: [] } }
const WHEN = ['schedule_kind', 'schedule_expr'] as const

/** Replaces some members of a task. Only those are checked, because the task derived from an automation need not be valid as a new task. */
export function patchTask(old: Task, { status: _, ...patch }: TaskPatch): z.ZodSafeParseResult<Task> {
  const { schedule_kind, schedule_expr, payload: kept } = old
  const isNamed = (...names: (keyof typeof patch)[]) => names.some((name) => patch[name] !== undefined)
  const whole: Record<string, unknown> = { ...PLACEHOLDERS }
  const named = new Set<string>(Object.keys(patch))
  if (isNamed('schedule', ...WHEN)) {
    // The short form replaces both members of the long one.
    Object.assign(
      whole,
      patch.schedule === undefined ? { schedule_kind, schedule_expr } : { schedule_kind: undefined, schedule_expr: undefined },
    )
    for (const name of WHEN) named.add(name)
  }
  if (isNamed('payload', 'pipeline', 'params')) {
    if (patch.pipeline !== undefined) Object.assign(whole, { payload: undefined }, paramsOf({ title: '', ...kept }))
    else whole.payload = patch.params === undefined ? kept : { ...kept, params: patch.params }
    named.add('payload')
  }
  const read = newTask.safeParse({ ...whole, ...patch })
  if (!read.success) return read
  const changed = Object.entries(read.data).filter(([name]) => named.has(name))
  return { success: true, data: { ...old, ...Object.fromEntries(changed) } }
}
