import { z } from 'zod'
import { deployFinding, manifest, workflow, workflowDetail, workflowVersion } from '../nouns/workflow.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { name, sha256 } from '../scalars.ts'

/** A bundle contains only the code of workflows; a larger one is a mistake. */
const BUNDLE_CHARS_MAX = 5_000_000
/** Room for the code escaped as JSON, and the manifest. */
const maxBodyBytes = 16 * 1024 * 1024

const bundle = {
  hash: sha256.meta({ description: 'SHA-256 of `code` in UTF-8.' }),
  code: z.string().min(1).max(BUNDLE_CHARS_MAX).meta({ description: 'The bundle, as `orrery deploy` builds it.' }),
  manifest: manifest.meta({ description: 'The manifest of the bundle.' }),
  map: z
    .string()
    .max(BUNDLE_CHARS_MAX)
    .optional()
    .meta({ description: 'Source map of `code` (ECMA-426), for the stacks of errors. Not part of the version.' }),
}

export const deployWorkflow = defineOperation({
  name: 'workflows.deploy',
  summary: 'Deploy a bundle of workflows',
  description: 'Stores the bundle under its hash and makes it the version for new runs of its workflows. Live runs keep their version.',
  input: z.strictObject(bundle),
  output: z.object({ version: sha256, workflows: z.array(z.string()) }),
  problems: ['workflow.bundle_invalid', 'workflow.name_reserved'],
  permission: 'workflows:deploy',
  effect: 'write',
  idempotent: true,
  audit: 'workflow.deployed',
  http: { method: 'POST', path: '/deployments', status: 201, maxBodyBytes },
})

export const checkDeploy = defineOperation({
  name: 'workflows.checkDeploy',
  summary: 'Check a bundle against every live run',
  description:
    'Replays the histories of live runs of its workflows on the bundle, without effects. `findings` ' +
    'lists the runs that it could not continue, at most 200. Stops after `limit` runs.',
  input: z.strictObject({ ...bundle, limit: z.number().int().min(1).max(10_000).default(1000) }),
  output: z.object({ checked: z.number().int(), failed: z.number().int(), complete: z.boolean(), findings: z.array(deployFinding) }),
  problems: ['workflow.bundle_invalid', 'workflow.name_reserved'],
  permission: 'workflows:deploy',
  effect: 'read',
  idempotent: true,
  http: { method: 'POST', path: '/deployments/check', maxBodyBytes },
  rows: 'findings',
})

export const listWorkflows = defineOperation({
  name: 'workflows.list',
  summary: 'List deployed workflows',
  description: 'The workflows that can be started, ordered by name, with the version that new runs use.',
  input: z.strictObject(pageInput),
  output: page(workflow),
  problems: [],
  permission: 'workflows:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/workflows' },
  mcp: { tool: 'workflow_list' },
  cli: { verb: 'workflows list' },
  rows: 'items',
})

export const getWorkflow = defineOperation({
  name: 'workflows.get',
  summary: 'Show one workflow',
  description: 'With the JSON Schemas of its input and output, if it declares them. Read it before starting a run.',
  input: z.strictObject({ workflow: name }),
  output: workflowDetail,
  problems: ['workflow.not_found'],
  permission: 'workflows:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/workflows/{workflow}' },
  mcp: { tool: 'workflow_get' },
  cli: { verb: 'workflows get', positionals: ['workflow'] },
})

export const listWorkflowVersions = defineOperation({
  name: 'workflows.versions',
  summary: 'List the versions of a workflow',
  description: 'All deployed bundles that contain the workflow, newest first.',
  input: z.strictObject({ workflow: name, ...pageInput }),
  output: page(workflowVersion),
  problems: ['workflow.not_found'],
  permission: 'workflows:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/workflows/{workflow}/versions' },
  cli: { verb: 'workflows versions', positionals: ['workflow'] },
  rows: 'items',
})
