/** `/tasks`: automations in Ordinaut's format. */
import { isDeepStrictEqual } from 'node:util'
import { decodeId, type InputOf, type Json, type OutputOf, problem } from '@orrery/contract'
import { parseShape } from '@orrery/kernel'
import { z } from 'zod'
import { automationToTask, CANCELED_NOTE, PAUSED_NOTE, readTask, type ShownTask, toStatus } from './automation-to-task.ts'
import { callingKeyId, changesOf, createNamed } from './change-automation.ts'
import type { ContractRoute, Exchange } from './contract-route.ts'
import { toInputErrors } from './fastapi-errors.ts'
import { grantScopes } from './grant-scopes.ts'
import { answerPage, mapRows, paging, readRows } from './ordinaut-pages.ts'
import { newTask, patchTask, type Task, type TaskPatch, taskPatch } from './ordinaut-task.ts'
import { SCHEDULE_KINDS } from './recognize-schedule.ts'
import { taskToAutomation } from './task-to-automation.ts'
import { translatePath } from './translate-path.ts'

type Automation = OutputOf<'automations.get'>

const toJson = (task: Task): Json => JSON.parse(JSON.stringify(task)) as Json
/** What its task says beyond the definition is kept under this name. */
const ANNOTATION = 'ordinaut'
const readKept = (automation: Automation): Json => automation.annotations?.[ANNOTATION] ?? null
const show = (automation: Automation): ShownTask => automationToTask(automation, readKept(automation))
const find = (exchange: Exchange): Promise<Automation> => exchange.call('automations.get', { automation: exchange.id('aut', 'task_id') })

async function createTask(exchange: Exchange): Promise<object> {
  const made = await createNamed(exchange, async () => {
    const body = await exchange.body(z.looseObject({}))
    const task = parseShape(newTask, body)
    if (!task.success) throw exchange.refuse(toInputErrors('body', task.error))
    exchange.translate((path) => translatePath(path, new Set(Object.keys(body))))
    const created_by = task.data.created_by ?? (await callingKeyId(exchange))
    const granted = await grantScopes(exchange, task.data.payload.pipeline)
    return { ...taskToAutomation(task.data), ...granted, annotations: { [ANNOTATION]: toJson({ ...task.data, created_by }) } }
  })
  return show(made)
}

const listQuery = z.object({
  status: z.enum(['active', 'paused', 'canceled']).optional(),
  created_by: z.string().optional(),
  schedule_kind: z.enum(SCHEDULE_KINDS).optional(),
  ...paging,
})

async function listTasks(exchange: Exchange): Promise<object> {
  const query = exchange.query(listQuery)
  const load = ({ id }: { readonly id: string }) => exchange.call('automations.get', { automation: id }).then(show)
  const found = await readRows(
    (page) => exchange.call('automations.list', page),
    (automation) => query.status === undefined || toStatus(automation) === query.status,
  )
  if (query.created_by === undefined && query.schedule_kind === undefined) return answerPage(found, query, load)
  // `automations.list` cannot filter by these members, so load every task and filter here.
  const tasks = (await mapRows(found, load)).filter(
    (task) =>
      (query.created_by === undefined || task.created_by === query.created_by) &&
      (query.schedule_kind === undefined || task.schedule_kind === query.schedule_kind),
  )
  return answerPage(tasks, query, async (task) => task)
}

const getTask = async (exchange: Exchange): Promise<object> => show(await find(exchange))

async function updateTask(exchange: Exchange): Promise<object> {
  const before = await find(exchange)
  const patch = await exchange.body(taskPatch)
  const { status, ...members } = patch
  const changed = Object.keys(members).length === 0 ? before : await changeTask(exchange, before, patch)
  if (status === undefined || status === toStatus(changed)) return show(changed)
  return show(await putStatus(exchange, changed, status))
}

async function changeTask(exchange: Exchange, before: Automation, patch: TaskPatch): Promise<Automation> {
  exchange.translate((path) => translatePath(path, new Set(Object.keys(patch))))
  const old = readTask(before, readKept(before))
  const task = patchTask(old, patch)
  if (!task.success) throw exchange.refuse(toInputErrors('body', task.error))
  if (isDeepStrictEqual(toJson(task.data), toJson(old))) return before
  const changes = changesOf(taskToAutomation(old), taskToAutomation(task.data))
  const granted = changes.pipeline === undefined ? {} : { scopes: null, ...(await grantScopes(exchange, task.data.payload.pipeline)) }
  // `ifVersion` protects a concurrent change of another client. A repeated request starts from a newer version, which would make it
  // a different input under the same idempotency key. It needs no key: the repetition changes nothing.
  const annotations = { ...before.annotations, [ANNOTATION]: toJson(task.data) }
  const input = { automation: before.id, ifVersion: before.version, ...changes, ...granted, annotations }
  return exchange.call('automations.update', input, { idempotencyKey: null })
}

function putStatus(exchange: Exchange, { id: automation }: Automation, status: ShownTask['status']): Promise<Automation> {
  switch (status) {
    case 'active':
      return exchange.call('automations.resume', { automation })
    case 'paused':
      return exchange.call('automations.pause', { automation, note: PAUSED_NOTE })
    case 'canceled':
      return exchange.call('automations.pause', { automation, note: CANCELED_NOTE })
  }
}

const done = (message: string, automation: { readonly id: string }, details: object = {}) => {
  return { success: true, message, details: { task_id: decodeId('aut', automation.id), ...details } }
}

async function deleteTask(exchange: Exchange): Promise<object> {
  const automation = await exchange.call('automations.delete', { automation: exchange.id('aut', 'task_id') })
  return done('Task deleted successfully', automation)
}

async function findActive(exchange: Exchange, verb: string): Promise<Automation> {
  const automation = await find(exchange)
  const status = toStatus(automation)
  if (status !== 'active') throw problem('invalid_input', `Cannot ${verb} task with status '${status}'. Task must be active.`)
  return automation
}

async function runNow(exchange: Exchange): Promise<object> {
  const automation = await findActive(exchange, 'run')
  const { firing, runId } = await exchange.call('automations.runNow', { automation: automation.id })
  if (firing.outcome === 'failed')
    throw problem('invalid_input', `The task cannot run: ${firing.reason ?? 'its definition is no longer valid'}.`)
  const message = firing.outcome === 'existing' ? 'A run with the same dedupe key exists' : 'Task execution triggered successfully'
  return done(message, automation, { run_id: runId === null ? null : decodeId('run', runId), outcome: firing.outcome })
}

async function pauseTask(exchange: Exchange): Promise<object> {
  const automation = await exchange.call('automations.pause', { automation: exchange.id('aut', 'task_id'), note: PAUSED_NOTE })
  return done('Task paused successfully', automation, { status: toStatus(automation) })
}

async function resumeTask(exchange: Exchange): Promise<object> {
  const automation = await exchange.call('automations.resume', { automation: exchange.id('aut', 'task_id') })
  return done('Task resumed successfully', automation, { status: toStatus(automation) })
}

async function cancelTask(exchange: Exchange): Promise<object> {
  const automation = await exchange.call('automations.pause', { automation: exchange.id('aut', 'task_id'), note: CANCELED_NOTE })
  return done('Task canceled successfully', automation, { status: toStatus(automation) })
}

const snoozeBody = z.object({
  delay_seconds: z.number().int().min(1).max(604_800),
  reason: z.string().max(200).nullish(),
})

async function snoozeTask(exchange: Exchange): Promise<object> {
  const { id } = await findActive(exchange, 'snooze')
  const { delay_seconds: seconds, reason } = await exchange.body(snoozeBody)
  const note: Pick<InputOf<'automations.snooze'>, 'note'> = reason === undefined || reason === null || reason === '' ? {} : { note: reason }
  exchange.translate(() => ['body', 'reason'])
  const automation = await exchange.call('automations.snooze', { automation: id, for: `${seconds}s`, ...note })
  return done(`Task snoozed for ${seconds} seconds`, automation, { delay_seconds: seconds, snoozed_until: automation.snoozedUntil })
}

export const taskRoutes: readonly ContractRoute[] = [
  { method: 'POST', path: '/tasks', status: 201, handle: createTask },
  { method: 'GET', path: '/tasks', handle: listTasks },
  { method: 'GET', path: '/tasks/:task_id', handle: getTask },
  { method: 'PUT', path: '/tasks/:task_id', handle: updateTask },
  { method: 'DELETE', path: '/tasks/:task_id', handle: deleteTask },
  ...['run-now', 'run_now'].map((verb): ContractRoute => ({ method: 'POST', path: `/tasks/:task_id/${verb}`, handle: runNow })),
  { method: 'POST', path: '/tasks/:task_id/pause', handle: pauseTask },
  { method: 'POST', path: '/tasks/:task_id/resume', handle: resumeTask },
  { method: 'POST', path: '/tasks/:task_id/snooze', handle: snoozeTask },
  { method: 'POST', path: '/tasks/:task_id/cancel', handle: cancelTask },
]
