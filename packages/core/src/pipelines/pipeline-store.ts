import type { PipelineDefinition } from '@orrery/contract'
import { empty, insertInto, sql, type Transaction } from '@orrery/kernel'

export interface PipelineRow {
  readonly org_id: string
  readonly name: string
  /** The newest version. */
  readonly version: number
  readonly created_at: Date
  readonly updated_at: Date
}

export interface PipelineVersionRow {
  readonly org_id: string
  readonly name: string
  readonly version: number
  readonly definition: PipelineDefinition
  readonly saved_at: Date
  readonly saved_by: string
}

const COLUMNS = sql`org_id, name, version, created_at, updated_at`

/** Locks a name until the end of the transaction, so that two changes of one pipeline cannot get the same version. */
export async function lockPipeline(tx: Transaction, org: string, name: string): Promise<void> {
  await tx.row(sql`select pg_advisory_xact_lock(hashtextextended(${`${org}/${name}`}, 9))`)
}

export function selectPipeline(tx: Transaction, org: string, name: string): Promise<PipelineRow | undefined> {
  return tx.row<PipelineRow>(sql`select ${COLUMNS} from app.pipeline where org_id = ${org} and name = ${name}`)
}

/** Sorted by name. */
export function selectPipelines(tx: Transaction, org: string, after: string | null, limit: number): Promise<PipelineRow[]> {
  return tx.rows<PipelineRow>(
    sql`select ${COLUMNS} from app.pipeline where org_id = ${org} ${after === null ? empty : sql`and name > ${after}`}
        order by name limit ${limit}`,
  )
}

/** The versions of pipelines `p` that have not been deleted. */
const STORED = sql`
  select v.org_id, v.name, v.version, v.definition, v.saved_at, v.saved_by
  from app.pipeline p join app.pipeline_version v on v.org_id = p.org_id and v.name = p.name`

/** A version of a pipeline that has not been deleted. @param version null: the newest */
export function selectVersion(tx: Transaction, org: string, name: string, version: number | null): Promise<PipelineVersionRow | undefined> {
  const wanted = version === null ? sql`p.version` : version
  return tx.row<PipelineVersionRow>(sql`${STORED} where p.org_id = ${org} and p.name = ${name} and v.version = ${wanted}`)
}

/** The newest versions of several pipelines. */
export function selectNewest(tx: Transaction, org: string, names: readonly string[]): Promise<PipelineVersionRow[]> {
  return tx.rows<PipelineVersionRow>(sql`${STORED} where p.org_id = ${org} and p.name = any (${names}) and v.version = p.version`)
}

export type ListedVersion = Omit<PipelineVersionRow, 'definition'>

/** Newest first, below `before`. */
export function selectVersions(tx: Transaction, org: string, name: string, before: number | null, limit: number): Promise<ListedVersion[]> {
  return tx.rows<ListedVersion>(
    sql`select org_id, name, version, saved_at, saved_by from app.pipeline_version
        where org_id = ${org} and name = ${name} ${before === null ? empty : sql`and version < ${before}`}
        order by version desc limit ${limit}`,
  )
}

/** The next version of a pipeline. If the name was deleted before, its versions continue. */
export async function nextVersion(tx: Transaction, org: string, name: string): Promise<number> {
  const row = await tx.row<{ version: number }>(
    sql`select coalesce(max(version), 0) + 1 as version from app.pipeline_version where org_id = ${org} and name = ${name}`,
  )
  return row?.version ?? 1
}

/** Inserts a version, and creates the pipeline or moves it to that version. */
export async function insertVersion(tx: Transaction, row: PipelineVersionRow): Promise<void> {
  const { org_id, name, version, saved_at } = row
  await tx.write(insertInto('app.pipeline_version', { ...row, definition: JSON.stringify(row.definition) }))
  await tx.write(
    sql`${insertInto('app.pipeline', { org_id, name, version, created_at: saved_at, updated_at: saved_at })}
        on conflict (org_id, name) do update set version = excluded.version, updated_at = excluded.updated_at`,
  )
}

/** Deletes a pipeline. Returns the deleted row. */
export function removePipeline(tx: Transaction, org: string, name: string): Promise<PipelineRow | undefined> {
  return tx.row<PipelineRow>(sql`delete from app.pipeline where org_id = ${org} and name = ${name} returning ${COLUMNS}`)
}

/** Names of pipelines, to suggest one with a similar spelling. */
export async function selectNames(tx: Transaction, org: string, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ name: string }>(sql`select name from app.pipeline where org_id = ${org} order by name limit ${limit}`)
  return rows.map(({ name }) => name)
}
