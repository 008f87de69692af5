import type { WorkflowManifest } from '@orrery/engine'
import type { Transaction } from '../database/database.ts'

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

const SELECT = `select d.workflow, d.bundle, d.set_at, b.manifest from engine.workflow_default d
  join engine.bundle b on b.org_id = d.org_id and b.hash = d.bundle where d.org_id = $1`

/** Deployed workflows in the order of their names. */
export async function selectWorkflows(tx: Transaction, org: string, after: string, limit: number): Promise<WorkflowRow[]> {
  const { rows } = await tx.client.query<Stored>(`${SELECT} and d.workflow > $2 order by d.workflow limit $3`, [org, after, limit])
  return rows.flatMap((row) => toWorkflow(row) ?? [])
}

export async function selectWorkflow(tx: Transaction, org: string, workflow: string): Promise<WorkflowRow | null> {
  const { rows } = await tx.client.query<Stored>(`${SELECT} and d.workflow = $2`, [org, workflow])
  return rows[0] === undefined ? null : toWorkflow(rows[0])
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
export async function selectVersions(
  tx: Transaction,
  org: string,
  workflow: string,
  behind: { readonly at: string; readonly hash: string } | null,
  limit: number,
): Promise<VersionRow[]> {
  const { rows } = await tx.client.query<VersionRow>(
    `select b.hash, date_trunc('milliseconds', b.created_at) as created_at, d.workflow is not null as is_default
     from engine.bundle b left join engine.workflow_default d on d.org_id = b.org_id and d.workflow = $2 and d.bundle = b.hash
     where b.org_id = $1 and exists (select from json_array_elements(b.manifest->'workflows') w where w->>'name' = $2)
       and ($3::timestamptz is null or (date_trunc('milliseconds', b.created_at), b.hash) < ($3, $4))
     order by date_trunc('milliseconds', b.created_at) desc, b.hash desc limit $5`,
    [org, workflow, behind?.at ?? null, behind?.hash ?? null, limit],
  )
  return rows
}

/** Whether a bundle is there and holds the workflow that a run is of. Null: no such run. */
export async function selectHolds(tx: Transaction, org: string, run: string, hash: string): Promise<boolean | null> {
  const { rows } = await tx.client.query<{ workflow: string; manifest: { workflows: { name: string }[] } | null }>(
    `select r.workflow, b.manifest from engine.run r left join engine.bundle b on b.org_id = r.org_id and b.hash = $3
     where r.org_id = $1 and r.run_id = $2`,
    [org, run, hash],
  )
  const row = rows[0]
  return row === undefined ? null : (row.manifest?.workflows.some(({ name }) => name === row.workflow) ?? false)
}
