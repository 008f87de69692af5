import type { RunSummary } from '@orrery/contract'
import { automationOf, successOf } from './run-to-task-run.ts'

/** Statistics over the runs of a period in Ordinaut's format, for one task or for all. Pure. */
export function taskStats(task: string, days: number, runs: readonly RunSummary[]) {
  const last = (isWanted: (run: RunSummary) => boolean) => runs.find(isWanted)?.createdAt ?? null
  return {
    task_id: task,
    period_days: days,
    ...figures(runs),
    last_run: last(() => true),
    last_success: last((run) => successOf(run) === true),
    last_failure: last((run) => successOf(run) === false),
  }
}

export function overallStats(days: number, runs: readonly RunSummary[]) {
  const { total_runs, ...rest } = figures(runs)
  return {
    period_days: days,
    total_runs,
    total_tasks_executed: new Set(runs.map(automationOf)).size,
    ...rest,
    runs_per_day: round(total_runs / days, 1),
  }
}

/** @param runs newest first */
function figures(runs: readonly RunSummary[]) {
  const successful = runs.filter((run) => successOf(run) === true).length
  const failed = runs.filter((run) => successOf(run) === false).length
  const tookMs = runs.flatMap(({ createdAt, finishedAt }) => (finishedAt === null ? [] : [Date.parse(finishedAt) - Date.parse(createdAt)]))
  const share = (count: number) => (runs.length === 0 ? 0 : round(count / runs.length, 3))
  return {
    total_runs: runs.length,
    successful_runs: successful,
    failed_runs: failed,
    success_rate: share(successful),
    failure_rate: share(failed),
    avg_execution_time_seconds: tookMs.length === 0 ? 0 : round(tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length / 1000, 2),
  }
}

const round = (value: number, digits: number) => Number(value.toFixed(digits))
