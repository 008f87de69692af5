import { isReservedWorkflow } from '@orrery/contract'
import type { WorkflowManifest } from '@orrery/engine'
import { empty, type Sql, sql, type Transaction } from '@orrery/kernel'

export interface WorkflowRow {
  readonly name: string
  readonly version: string
  readonly deployedAt: Date
  readonly manifest: WorkflowManifest
}

interface Stored {
  workflow: string
  bundle: string
  deployed_at: Date
  manifest: { workflows: WorkflowManifest[] }
}

const selectOf = (org: string): Sql => sql`select workflow, bundle, deployed_at, manifest from engine.workflow_view where org_id = ${org}`

/** Deployed workflows, sorted by name. */
export async function selectWorkflows(tx: Transaction, org: string, after: string, limit: number): Promise<WorkflowRow[]> {
  const rows = await tx.rows<Stored>(sql`${selectOf(org)} and workflow > ${after} order by workflow limit ${limit}`)
  return rows.flatMap((row) => toWorkflow(row) ?? [])
}

export async function selectWorkflow(tx: Transaction, org: string, workflow: string): Promise<WorkflowRow | null> {
  const row = await tx.row<Stored>(sql`${selectOf(org)} and workflow = ${workflow}`)
  return row === undefined ? null : toWorkflow(row)
}

function toWorkflow(row: Stored): WorkflowRow | null {
  const manifest = row.manifest.workflows.find(({ name }) => name === row.workflow)
  return manifest === undefined ? null : { name: row.workflow, version: row.bundle, deployedAt: row.deployed_at, manifest }
}

export interface WorkflowVersionRow {
  readonly hash: string
  readonly created_at: Date
  readonly is_default: boolean
}

/** Bundles that contain the workflow, newest first, after the given one. */
export function selectVersions(
  tx: Transaction,
  org: string,
  workflow: string,
  behind: { readonly at: string; readonly hash: string } | null,
  limit: number,
): Promise<WorkflowVersionRow[]> {
  return tx.rows<WorkflowVersionRow>(
    sql`select bundle as hash, date_trunc('milliseconds', created_at) as created_at, is_default
        from engine.version_view where org_id = ${org} and workflow = ${workflow}
          ${behind === null ? empty : sql`and (date_trunc('milliseconds', created_at), bundle) < (${behind.at}, ${behind.hash})`}
        order by date_trunc('milliseconds', created_at) desc, bundle desc limit ${limit}`,
  )
}

/** Whether a bundle exists and contains the workflow of a run. Null: the run does not exist. */
export async function selectHolds(tx: Transaction, org: string, run: string, hash: string): Promise<boolean | null> {
  const row = await tx.row<{ workflow: string; manifest: NamedWorkflows | null }>(
    sql`select r.workflow, b.manifest from engine.run_view r left join engine.bundle_view b on b.org_id = r.org_id and b.bundle = ${hash}
        where r.org_id = ${org} and r.run_id = ${run}`,
  )
  return row === undefined ? null : holds(row.manifest, row.workflow)
}

/** What a bundle (by default that which starts use) says of a workflow. `manifest`: null if it does not have the workflow. */
export async function selectTarget(
  tx: Transaction,
  org: string,
  workflow: string,
  version: string | undefined,
): Promise<{ readonly hasBundle: boolean; readonly manifest: WorkflowManifest | null }> {
  const hash =
    version === undefined
      ? sql`(select d.bundle from engine.workflow_view d where d.org_id = ${org} and d.workflow = ${workflow})`
      : sql`${version}`
  const row = await tx.row<{ manifest: Stored['manifest'] }>(
    sql`select manifest from engine.bundle_view where org_id = ${org} and bundle = ${hash}`,
  )
  return { hasBundle: row !== undefined, manifest: row?.manifest.workflows.find(({ name }) => name === workflow) ?? null }
}

interface NamedWorkflows {
  readonly workflows: readonly { readonly name: string }[]
}

/** Whether a run of the workflow may use the bundle. One of ours uses bundles of ours only, which have no other workflows. */
function holds(manifest: NamedWorkflows | null, workflow: string): boolean {
  const names = manifest?.workflows.map(({ name }) => name) ?? []
  return names.includes(workflow) && (!isReservedWorkflow(workflow) || names.every(isReservedWorkflow))
}
