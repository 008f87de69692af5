import type { PipelineDefinition } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'

export interface PipelineRow {
  readonly org_id: string
  readonly name: string
  /** The newest. */
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

const COLUMNS = ['org_id', 'name', 'version', 'created_at', 'updated_at'] as const
const VERSION_COLUMNS = ['org_id', 'name', 'version', 'saved_at', 'saved_by'] as const

/** One change at a time to a pipeline: its next number is taken by one only. Held to the end of the transaction. */
export async function lockPipeline(tx: Transaction, org: string, name: string): Promise<void> {
  await tx.client.query('select pg_advisory_xact_lock(hashtextextended($1, 9))', [`${org}/${name}`])
}

export function selectPipeline(tx: Transaction, org: string, name: string): Promise<PipelineRow | undefined> {
  return tx.kysely.selectFrom('app.pipeline').select(COLUMNS).where('org_id', '=', org).where('name', '=', name).executeTakeFirst()
}

export function selectPipelines(tx: Transaction, org: string, after: string | null, limit: number): Promise<PipelineRow[]> {
  let query = tx.kysely.selectFrom('app.pipeline').select(COLUMNS).where('org_id', '=', org)
  if (after !== null) query = query.where('name', '>', after)
  return query.orderBy('name').limit(limit).execute()
}

/** Versions of a pipeline that is there. Null: the newest. */
export function selectVersion(tx: Transaction, org: string, name: string, version: number | null): Promise<PipelineVersionRow | undefined> {
  return selectStored(tx, org)
    .where('pipeline.name', '=', name)
    .where((where) =>
      version === null
        ? where('pipeline_version.version', '=', where.ref('pipeline.version'))
        : where('pipeline_version.version', '=', version),
    )
    .executeTakeFirst()
}

/** The newest versions of several. */
export function selectNewest(tx: Transaction, org: string, names: readonly string[]): Promise<PipelineVersionRow[]> {
  return selectStored(tx, org).where('pipeline.name', 'in', names).whereRef('pipeline_version.version', '=', 'pipeline.version').execute()
}

function selectStored(tx: Transaction, org: string) {
  return tx.kysely
    .selectFrom('app.pipeline as pipeline')
    .innerJoin('app.pipeline_version as pipeline_version', (join) =>
      join.onRef('pipeline_version.org_id', '=', 'pipeline.org_id').onRef('pipeline_version.name', '=', 'pipeline.name'),
    )
    .select([
      'pipeline_version.org_id',
      'pipeline_version.name',
      'pipeline_version.version',
      'pipeline_version.definition',
      'pipeline_version.saved_at',
      'pipeline_version.saved_by',
    ])
    .where('pipeline.org_id', '=', org)
}

/** Newest first, below `before`. */
export function selectVersions(tx: Transaction, org: string, name: string, before: number | null, limit: number) {
  let query = tx.kysely.selectFrom('app.pipeline_version').select(VERSION_COLUMNS).where('org_id', '=', org).where('name', '=', name)
  if (before !== null) query = query.where('version', '<', before)
  return query.orderBy('version', 'desc').limit(limit).execute()
}

/** The next number of a name, which may have had versions before it was deleted. */
export async function nextVersion(tx: Transaction, org: string, name: string): Promise<number> {
  const { rows } = await tx.client.query<{ version: number }>(
    'select coalesce(max(version), 0) + 1 as version from app.pipeline_version where org_id = $1 and name = $2',
    [org, name],
  )
  return rows[0]?.version ?? 1
}

export async function insertVersion(tx: Transaction, row: PipelineVersionRow): Promise<void> {
  const { org_id, name, version, saved_at } = row
  await tx.kysely
    .insertInto('app.pipeline_version')
    .values({ ...row, definition: JSON.stringify(row.definition) })
    .execute()
  await tx.kysely
    .insertInto('app.pipeline')
    .values({ org_id, name, version, created_at: saved_at, updated_at: saved_at })
    .onConflict((conflict) => conflict.columns(['org_id', 'name']).doUpdateSet({ version, updated_at: saved_at }))
    .execute()
}

/** The row as it was. */
export function removePipeline(tx: Transaction, org: string, name: string): Promise<PipelineRow | undefined> {
  return tx.kysely.deleteFrom('app.pipeline').where('org_id', '=', org).where('name', '=', name).returning(COLUMNS).executeTakeFirst()
}

/** Names of pipelines, for those who look for one like them. */
export async function selectNames(tx: Transaction, org: string, limit: number): Promise<string[]> {
  const rows = await tx.kysely.selectFrom('app.pipeline').select('name').where('org_id', '=', org).orderBy('name').limit(limit).execute()
  return rows.map(({ name }) => name)
}
