/** `/runs`: the runs of tasks. */
import { decodeId, type OutputOf, ProblemError, type RunSummary } from '@orrery/contract'
import { z } from 'zod'
import type { ContractRoute, Exchange } from './contract-route.ts'
import { answerPage, flag, paging, readRows, wholeNumber } from './ordinaut-pages.ts'
import { overallStats, taskStats } from './run-stats.ts'
import { automationOf, runToTaskRun, successOf } from './run-to-task-run.ts'

const DAY_MS = 86_400_000
const HIDDEN = 'hidden; set include_errors=true to see it'

const moment = z.iso
  .datetime({ offset: true, local: true })
  .transform((text) => new Date(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`).toISOString())

const listQuery = z.object({
  task_id: z.string().optional(),
  success: flag.optional(),
  include_errors: flag.default(false),
  start_time: moment.optional(),
  end_time: moment.optional(),
  ...paging,
})

async function listRuns(exchange: Exchange): Promise<object> {
  const query = exchange.query(listQuery)
  const automation = query.task_id === undefined ? undefined : exchange.toId('aut', query.task_id, ['query', 'task_id'])
  const runs = await readRuns(exchange, { automation, since: query.start_time, until: query.end_time })
  const wanted = query.success === undefined ? runs : runs.filter((run) => successOf(run) === query.success)
  return answerPage(wanted, query, async ({ id }) => {
    const shown = runToTaskRun(await exchange.call('runs.get', { runId: id }))
    return shown.error === null || query.include_errors ? shown : { ...shown, error: HIDDEN }
  })
}

/** The runs of tasks, newest first. */
function readRuns(
  exchange: Exchange,
  { automation, since, until }: { automation?: string | undefined; since?: string | undefined; until?: string | undefined },
) {
  const filter = {
    ...(automation === undefined ? {} : { tag: automation }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  }
  return readRows<RunSummary>(
    (page) => exchange.call('runs.list', { ...filter, ...page }),
    (run) => automationOf(run) !== null,
  )
}

async function getRun(exchange: Exchange): Promise<object> {
  const runId = exchange.id('run', 'run_id')
  const run = await exchange.call('runs.get', { runId })
  const { items: logs } = await exchange.call('runs.logs', { runId, limit: 200 })
  return {
    ...runToTaskRun(run),
    steps: await readSteps(exchange, runId),
    logs: logs.map(({ at, level, message, data }) => ({ timestamp: at, level, message, data })),
  }
}

/** A step in the answer to the query `pipeline`, which every run of a pipeline supports. */
interface StepReport {
  readonly [member: string]: unknown
  readonly startedAt: unknown
  readonly endedAt: unknown
}

/** The steps of a run with their inputs and outputs. Empty if the run is not of a pipeline or cannot be queried. */
async function readSteps(exchange: Exchange, runId: string): Promise<unknown> {
  try {
    const { value } = await exchange.call('runs.query', { runId, name: 'pipeline' })
    const { steps = [] } = value as { readonly steps?: readonly StepReport[] }
    return steps.map(({ startedAt, endedAt, ...step }) => ({ ...step, started_at: startedAt, ended_at: endedAt }))
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'run.query_failed') return []
    throw error
  }
}

async function retryRun(exchange: Exchange): Promise<object> {
  const { runId, sourceRunId } = await exchange.call('runs.retry', { runId: exchange.id('run', 'run_id') })
  return {
    success: true,
    message: 'Run retried from the step that failed',
    details: { run_id: decodeId('run', runId), source_run_id: decodeId('run', sourceRunId) },
  }
}

async function cancelRun(exchange: Exchange): Promise<object> {
  const { runId } = await exchange.call('runs.cancel', { runId: exchange.id('run', 'run_id') })
  return { success: true, message: 'Run is being cancelled', details: { run_id: decodeId('run', runId) } }
}

async function getLatestRun(exchange: Exchange): Promise<object | null> {
  const { id } = await findTask(exchange)
  const [latest] = (await exchange.call('runs.list', { tag: id, limit: 1 })).items
  return latest === undefined ? null : runToTaskRun(await exchange.call('runs.get', { runId: latest.id }))
}

const findTask = (exchange: Exchange): Promise<OutputOf<'automations.get'>> =>
  exchange.call('automations.get', { automation: exchange.id('aut', 'task_id') })

async function daysBack(exchange: Exchange, days: number): Promise<string> {
  const { now } = await exchange.call('system.info', {})
  return new Date(Date.parse(now) - days * DAY_MS).toISOString()
}

async function getTaskStats(exchange: Exchange): Promise<object> {
  const { days } = exchange.query(z.object({ days: wholeNumber(1, 365).default(30) }))
  const { id } = await findTask(exchange)
  return taskStats(decodeId('aut', id) ?? '', days, await readRuns(exchange, { automation: id, since: await daysBack(exchange, days) }))
}

async function getOverallStats(exchange: Exchange): Promise<object> {
  const { days } = exchange.query(z.object({ days: wholeNumber(1, 365).default(7) }))
  return overallStats(days, await readRuns(exchange, { since: await daysBack(exchange, days) }))
}

export const runRoutes: readonly ContractRoute[] = [
  { method: 'GET', path: '/runs/stats/summary', handle: getOverallStats },
  { method: 'GET', path: '/runs/task/:task_id/latest', handle: getLatestRun },
  { method: 'GET', path: '/runs/task/:task_id/stats', handle: getTaskStats },
  { method: 'GET', path: '/runs', shared: 'client', handle: listRuns },
  { method: 'GET', path: '/runs/:run_id', shared: 'id', handle: getRun },
  { method: 'POST', path: '/runs/:run_id/retry', shared: 'id', handle: retryRun },
  { method: 'POST', path: '/runs/:run_id/cancel', shared: 'id', handle: cancelRun },
]
