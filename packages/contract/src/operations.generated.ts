// Written by tools/generate.ts. Do not edit.
// biome-ignore-all assist/source/organizeImports: the order is the generator’s.

import { createKey, createOrg, getOrg, listKeys, listOrgs, revokeKey } from './operations/access.ts'
import { listAuditEntries, verifyAudit } from './operations/audit.ts'
import { createConnection, deleteConnection, getConnection, listConnections, updateConnection } from './operations/connections.ts'
import { listEvents } from './operations/events.ts'
import { listLimits, listQueues, listWorkers, pauseQueue, resumeQueue, setLimit } from './operations/queues.ts'
import { cancelRun, editStep, forkRun, pauseRun, resumeRun, retryRun } from './operations/run-control.ts'
import {
  getRun,
  getRunHistory,
  getRunResult,
  listRunLogs,
  listRuns,
  queryRun,
  signalRun,
  startRun,
  startRuns,
  whyRun,
} from './operations/runs.ts'
import { getSystemInfo } from './operations/system.ts'
import { checkDeploy, deployWorkflow, getWorkflow, listWorkflowVersions, listWorkflows } from './operations/workflows.ts'

export const operations = {
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
} as const

export type OperationName = keyof typeof operations
