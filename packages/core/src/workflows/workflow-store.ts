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
  set_at: Date
  manifest: { workflows: WorkflowManifest[] }
}

const selectOf = (org: string): Sql => sql`select d.workflow, d.bundle, d.set_at, b.manifest from engine.workflow_default d
    join engine.bundle b on b.org_id = d.org_id and b.hash = d.bundle where d.org_id = ${org}`

/** Deployed workflows in the order of their names. */
export async function selectWorkflows(tx: Transaction, org: string, after: string, limit: number): Promise<WorkflowRow[]> {
  const rows = await tx.rows<Stored>(sql`${selectOf(org)} and d.workflow > ${after} order by d.workflow limit ${limit}`)
  return rows.flatMap((row) => toWorkflow(row) ?? [])
}

export async function selectWorkflow(tx: Transaction, org: string, workflow: string): Promise<WorkflowRow | null> {
  const row = await tx.row<Stored>(sql`${selectOf(org)} and d.workflow = ${workflow}`)
  return row === undefined ? null : toWorkflow(row)
}

function toWorkflow(row: Stored): WorkflowRow | null {
  const manifest = row.manifest.workflows.find(({ name }) => name === row.workflow)
  return manifest === undefined ? null : { name: row.workflow, version: row.bundle, deployedAt: row.set_at, manifest }
}

export interface VersionRow {
  readonly hash: string
  readonly created_at: Date
  readonly is_default: boolean
}

/** Bundles that hold the workflow, newest first, behind the one given. */
export function selectVersions(
  tx: Transaction,
  org: string,
  workflow: string,
  behind: { readonly at: string; readonly hash: string } | null,
  limit: number,
): Promise<VersionRow[]> {
  return tx.rows<VersionRow>(
    sql`select b.hash, date_trunc('milliseconds', b.created_at) as created_at, d.workflow is not null as is_default
        from engine.bundle b left join engine.workflow_default d on d.org_id = b.org_id and d.workflow = ${workflow} and d.bundle = b.hash
        where b.org_id = ${org} and exists (select from json_array_elements(b.manifest->'workflows') w where w->>'name' = ${workflow})
          ${behind === null ? empty : sql`and (date_trunc('milliseconds', b.created_at), b.hash) < (${behind.at}, ${behind.hash})`}
        order by date_trunc('milliseconds', b.created_at) desc, b.hash desc limit ${limit}`,
  )
}

/** Whether a bundle exists and holds the workflow of a run. Null: there is no such run. */
export async function selectHolds(tx: Transaction, org: string, run: string, hash: string): Promise<boolean | null> {
  const row = await tx.row<{ workflow: string; manifest: NamedWorkflows | null }>(
    sql`select r.workflow, b.manifest from engine.run r left join engine.bundle b on b.org_id = r.org_id and b.hash = ${hash}
        where r.org_id = ${org} and r.run_id = ${run}`,
  )
  return row === undefined ? null : holds(row.manifest, row.workflow)
}

/** Whether there is a bundle (the workflow's default one, unless a version is given), and whether it holds the workflow. */
export async function selectTarget(
  tx: Transaction,
  org: string,
  workflow: string,
  version: string | undefined,
): Promise<{ readonly hasBundle: boolean; readonly hasWorkflow: boolean }> {
  const hash =
    version === undefined
      ? sql`(select d.bundle from engine.workflow_default d where d.org_id = ${org} and d.workflow = ${workflow})`
      : sql`${version}`
  const row = await tx.row<{ manifest: NamedWorkflows }>(sql`select manifest from engine.bundle where org_id = ${org} and hash = ${hash}`)
  return { hasBundle: row !== undefined, hasWorkflow: holds(row?.manifest ?? null, workflow) }
}

interface NamedWorkflows {
  readonly workflows: readonly { readonly name: string }[]
}

function holds(manifest: NamedWorkflows | null, workflow: string): boolean {
  return manifest?.workflows.some(({ name }) => name === workflow) ?? false
}
