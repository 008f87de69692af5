// Written by tools/generate.ts. Do not edit.
// biome-ignore-all assist/source/organizeImports: the order is the generator’s.

import { createKey } from './access/create-key.ts'
import { createOrg } from './access/create-org.ts'
import { getOrg } from './access/get-org.ts'
import { listKeys } from './access/list-keys.ts'
import { listOrgs } from './access/list-orgs.ts'
import { revokeKey } from './access/revoke-key.ts'
import { listAuditEntries } from './audit/list-audit-entries.ts'
import { verifyAudit } from './audit/verify-audit.ts'
import { createConnection } from './connections/create-connection.ts'
import { deleteConnection } from './connections/delete-connection.ts'
import { getConnection } from './connections/get-connection.ts'
import { listConnections } from './connections/list-connections.ts'
import { updateConnection } from './connections/update-connection.ts'
import { listEvents } from './events/list-events.ts'
import type { Implementations } from './implementation.ts'
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
import { getSystemInfo } from './system/get-system-info.ts'
import { listWorkers } from './workers/list-workers.ts'
import { checkDeploy } from './workflows/check-deploy.ts'
import { deployWorkflow } from './workflows/deploy-workflow.ts'
import { getWorkflow } from './workflows/get-workflow.ts'
import { listWorkflowVersions } from './workflows/list-workflow-versions.ts'
import { listWorkflows } from './workflows/list-workflows.ts'

export const implementations: Implementations = {
  'audit.list': listAuditEntries,
  'audit.verify': verifyAudit,
  'connections.create': createConnection,
  'connections.delete': deleteConnection,
  'connections.get': getConnection,
  'connections.list': listConnections,
  'connections.update': updateConnection,
  'events.list': listEvents,
  'keys.create': createKey,
  'keys.list': listKeys,
  'keys.revoke': revokeKey,
  'limits.list': listLimits,
  'limits.set': setLimit,
  'orgs.create': createOrg,
  'orgs.get': getOrg,
  'orgs.list': listOrgs,
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
  'system.info': getSystemInfo,
  'workers.list': listWorkers,
  'workflows.checkDeploy': checkDeploy,
  'workflows.deploy': deployWorkflow,
  'workflows.get': getWorkflow,
  'workflows.list': listWorkflows,
  'workflows.versions': listWorkflowVersions,
}
