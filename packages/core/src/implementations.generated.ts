// Written by tools/generate.ts. Do not edit.
// biome-ignore-all assist/source/organizeImports: the order is the generator’s.

import { applyAutomation } from './automations/apply-automation.ts'
import { backfillAutomation } from './automations/backfill-automation.ts'
import { createAutomation } from './automations/create-automation.ts'
import { deleteAutomation } from './automations/delete-automation.ts'
import { getAutomation } from './automations/get-automation.ts'
import { listAutomationVersions } from './automations/list-automation-versions.ts'
import { listAutomations } from './automations/list-automations.ts'
import { listFirings } from './automations/list-firings.ts'
import { pauseAutomation } from './automations/pause-automation.ts'
import { previewAutomation } from './automations/preview-automation.ts'
import { resumeAutomation } from './automations/resume-automation.ts'
import { runAutomationAt } from './automations/run-automation-at.ts'
import { runAutomationNow } from './automations/run-automation-now.ts'
import { skipNextFirings } from './automations/skip-next-firings.ts'
import { snoozeAutomation } from './automations/snooze-automation.ts'
import { updateAutomation } from './automations/update-automation.ts'
import { rotateWebhook } from './automations/webhooks/rotate-webhook.ts'
import { deleteCalendar } from './calendars/delete-calendar.ts'
import { getCalendar } from './calendars/get-calendar.ts'
import { listCalendarDays } from './calendars/list-calendar-days.ts'
import { listCalendarVersions } from './calendars/list-calendar-versions.ts'
import { listCalendars } from './calendars/list-calendars.ts'
import { putCalendar } from './calendars/put-calendar.ts'
import { refreshCalendar } from './calendars/refresh-calendar.ts'
import { checkPipelineDefinition } from './pipelines/check-pipeline-definition.ts'
import { deletePipeline } from './pipelines/delete-pipeline.ts'
import { dryRunPipeline } from './pipelines/dry-run-pipeline.ts'
import { getPipeline } from './pipelines/get-pipeline.ts'
import { listPipelineVersions } from './pipelines/list-pipeline-versions.ts'
import { listPipelines } from './pipelines/list-pipelines.ts'
import { putPipeline } from './pipelines/put-pipeline.ts'
import { runPipeline } from './pipelines/run-pipeline.ts'
import { listLimits } from './queues/list-limits.ts'
import { listQueues } from './queues/list-queues.ts'
import { pauseQueue } from './queues/pause-queue.ts'
import { resumeQueue } from './queues/resume-queue.ts'
import { setLimit } from './queues/set-limit.ts'
import { cancelRun } from './runs/cancel-run.ts'
import { editStep } from './runs/edit-step.ts'
import { forkRun } from './runs/fork-run.ts'
import { getRunHistory } from './runs/get-run-history.ts'
import { getRunResult } from './runs/get-run-result.ts'
import { getRun } from './runs/get-run.ts'
import { listRunLogs } from './runs/list-run-logs.ts'
import { listRuns } from './runs/list-runs.ts'
import { pauseRun } from './runs/pause-run.ts'
import { queryRun } from './runs/query-run.ts'
import { resumeRun } from './runs/resume-run.ts'
import { retryRun } from './runs/retry-run.ts'
import { signalRun } from './runs/signal-run.ts'
import { startRun } from './runs/start-run.ts'
import { startRuns } from './runs/start-runs.ts'
import { whyRun } from './runs/why-run.ts'
import { previewSchedule } from './schedules/preview-schedule.ts'
import { getSystemInfo } from './system/get-system-info.ts'
import { listWorkers } from './workers/list-workers.ts'
import { checkDeploy } from './workflows/check-deploy.ts'
import { deployWorkflow } from './workflows/deploy-workflow.ts'
import { getWorkflow } from './workflows/get-workflow.ts'
import { listWorkflowVersions } from './workflows/list-workflow-versions.ts'
import { listWorkflows } from './workflows/list-workflows.ts'
import type { Implementations } from '@orrery/kernel'

export const implementations = {
  'automations.apply': applyAutomation,
  'automations.backfill': backfillAutomation,
  'automations.create': createAutomation,
  'automations.delete': deleteAutomation,
  'automations.firings': listFirings,
  'automations.get': getAutomation,
  'automations.list': listAutomations,
  'automations.pause': pauseAutomation,
  'automations.preview': previewAutomation,
  'automations.resume': resumeAutomation,
  'automations.rotateWebhook': rotateWebhook,
  'automations.runAt': runAutomationAt,
  'automations.runNow': runAutomationNow,
  'automations.skipNext': skipNextFirings,
  'automations.snooze': snoozeAutomation,
  'automations.update': updateAutomation,
  'automations.versions': listAutomationVersions,
  'calendars.days': listCalendarDays,
  'calendars.delete': deleteCalendar,
  'calendars.get': getCalendar,
  'calendars.list': listCalendars,
  'calendars.put': putCalendar,
  'calendars.refresh': refreshCalendar,
  'calendars.versions': listCalendarVersions,
  'limits.list': listLimits,
  'limits.set': setLimit,
  'pipelines.check': checkPipelineDefinition,
  'pipelines.delete': deletePipeline,
  'pipelines.dryRun': dryRunPipeline,
  'pipelines.get': getPipeline,
  'pipelines.list': listPipelines,
  'pipelines.put': putPipeline,
  'pipelines.run': runPipeline,
  'pipelines.versions': listPipelineVersions,
  'queues.list': listQueues,
  'queues.pause': pauseQueue,
  'queues.resume': resumeQueue,
  'runs.cancel': cancelRun,
  'runs.editStep': editStep,
  'runs.fork': forkRun,
  'runs.get': getRun,
  'runs.history': getRunHistory,
  'runs.list': listRuns,
  'runs.logs': listRunLogs,
  'runs.pause': pauseRun,
  'runs.query': queryRun,
  'runs.result': getRunResult,
  'runs.resume': resumeRun,
  'runs.retry': retryRun,
  'runs.signal': signalRun,
  'runs.start': startRun,
  'runs.startMany': startRuns,
  'runs.why': whyRun,
  'schedules.preview': previewSchedule,
  'system.info': getSystemInfo,
  'workers.list': listWorkers,
  'workflows.checkDeploy': checkDeploy,
  'workflows.deploy': deployWorkflow,
  'workflows.get': getWorkflow,
  'workflows.list': listWorkflows,
  'workflows.versions': listWorkflowVersions,
} satisfies Partial<Implementations>
