/** Reads all relations and functions from the catalogue of the database, so that new ones are tested without another edit. */
import type pg from 'pg'

const SCHEMAS = ['engine', 'app'] as const
export const APP_ROLE = 'orrery_app'

export interface Relation {
  /** Name with its schema. */
  readonly name: string
  readonly kind: 'table' | 'partition' | 'view'
  readonly columns: readonly string[]
  readonly uuidColumns: readonly string[]
  readonly hasOrg: boolean
  /** Empty for views. */
  readonly primaryKey: readonly string[]
  /** Columns that the role of the application may update. */
  readonly updatable: readonly string[]
  readonly isSelectable: boolean
  /** For a view: whether it reads with the privileges of the caller. */
  readonly isInvoker: boolean
}

export interface ForeignKey {
  readonly name: string
  readonly table: string
  readonly columns: readonly string[]
  readonly target: string
  readonly targetColumns: readonly string[]
}

export interface DatabaseFunction {
  readonly name: string
  readonly argumentNames: readonly string[]
  readonly argumentTypes: readonly string[]
  readonly isDefiner: boolean
}

export async function readRelations(client: pg.ClientBase): Promise<Relation[]> {
  const { rows } = await client.query<Relation>(
    `select n.nspname || '.' || c.relname as name,
       case when c.relkind in ('v', 'm') then 'view' when c.relispartition then 'partition' else 'table' end as kind,
       bool_or(a.attname = 'org_id') as "hasOrg",
       array_agg(a.attname::text order by a.attnum) as columns,
       array_agg(a.attname::text) filter (where a.atttypid = 'uuid'::regtype and a.attname <> 'org_id') as "uuidColumns",
       array_agg(a.attname::text) filter (where has_column_privilege($2, c.oid, a.attnum, 'update')) as updatable,
       (select array_agg(k.attname::text) from pg_index i join pg_attribute k on k.attrelid = c.oid and k.attnum = any (i.indkey)
        where i.indrelid = c.oid and i.indisprimary) as "primaryKey",
       has_table_privilege($2, c.oid, 'select') as "isSelectable",
       coalesce('security_invoker=true' = any (c.reloptions), false) as "isInvoker"
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = any ($1) and c.relkind in ('r', 'p', 'v', 'm', 'f')
     group by c.oid, n.nspname order by 1`,
    [SCHEMAS, APP_ROLE],
  )
  const some = (list: readonly string[] | null) => list ?? []
  return rows.map((row) => ({
    ...row,
    uuidColumns: some(row.uuidColumns),
    updatable: some(row.updatable),
    primaryKey: some(row.primaryKey),
  }))
}

export async function readForeignKeys(client: pg.ClientBase): Promise<ForeignKey[]> {
  const columnsOf = (relation: string, numbers: string) =>
    `array(select a.attname::text from unnest(k.${numbers}) with ordinality u(n, o) join pg_attribute a on a.attrelid = k.${relation} and a.attnum = u.n order by u.o)`
  const { rows } = await client.query<ForeignKey>(
    `select k.conname as name, k.conrelid::regclass::text as table, ${columnsOf('conrelid', 'conkey')} as columns,
       k.confrelid::regclass::text as target, ${columnsOf('confrelid', 'confkey')} as "targetColumns"
     from pg_constraint k where k.contype = 'f' and k.connamespace::regnamespace::text = any ($1) order by 1`,
    [SCHEMAS],
  )
  return rows
}

/** The functions that the role of the application may execute, without triggers, which cannot be called. */
export async function readFunctions(client: pg.ClientBase): Promise<DatabaseFunction[]> {
  const { rows } = await client.query<DatabaseFunction>(
    `select n.nspname || '.' || p.proname as name, p.prosecdef as "isDefiner",
       coalesce(p.proargnames[1:p.pronargs], '{}') as "argumentNames",
       array(select format_type(t, null) from unnest(p.proargtypes) with ordinality u(t, o) order by o) as "argumentTypes"
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any ($1) and p.prorettype <> 'trigger'::regtype and has_function_privilege($2, p.oid, 'execute') order by 1`,
    [SCHEMAS, APP_ROLE],
  )
  return rows
}

/** Unique indexes without org_id on tables with org_id. A duplicate in them would reveal a row of another organization. */
export async function readOpenUniqueIndexes(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select i.indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indrelid
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
     where i.indisunique and c.relnamespace::regnamespace::text = any ($1) and a.attnum <> all (i.indkey::int2[]) order by 1`,
    [SCHEMAS],
  )
  return rows.map((row) => row.name)
}

/**
 * Columns that the server writes by itself: the last use of a key, and the next and failed reads of a feed. They do not count as changes.
 */
const OWN_TIMES: readonly string[] = [
  'app.api_key.last_used_at',
  'app.calendar_feed.due_at',
  'app.calendar_feed.failed_at',
  'app.calendar_feed.failures',
]

const ownTimesOf = ({ name, columns }: Relation) => columns.filter((column) => OWN_TIMES.includes(`${name}.${column}`))

/** One query that returns a digest of all rows of an organization ($1). @param rowOf SQL that makes a text of a row `t` of the relation */
export function fingerprintQuery(relations: readonly Relation[], rowOf = withoutOwnTimes): string {
  const digests = digestsOf(relations, rowOf, 'where org_id = $1')
  return `select string_agg(name || digest, ' ' order by name) as fingerprint from (${digests}) x`
}

/** Returns a function that lists the tables in which rows of any organization were written or deleted since its previous call. */
export function watchChanges(client: pg.ClientBase, relations: readonly Relation[]): () => Promise<string[]> {
  // Each write makes a new version of a row. Comparing versions is cheaper than comparing contents.
  const rowOf = (relation: Relation) => (ownTimesOf(relation).length > 0 ? withoutOwnTimes(relation) : '(tableoid, ctid, xmin)::text')
  const query = { name: 'digests', text: digestsOf(relations, rowOf, '') }
  let before = new Map<string, string>()
  return async () => {
    const { rows } = await client.query<{ name: string; digest: string }>(query)
    const changed = rows.filter(({ name, digest }) => digest !== before.get(name))
    before = new Map(rows.map(({ name, digest }) => [name, digest]))
    return changed.map(({ name }) => name)
  }
}

/** For databases on which no server works. */
export const wholeRow = (): string => 'to_jsonb(t)::text'

const withoutOwnTimes = (relation: Relation): string =>
  `(to_jsonb(t) - array[${ownTimesOf(relation).map((column) => `'${column}'`)}]::text[])::text`

function digestsOf(relations: readonly Relation[], rowOf: (relation: Relation) => string, where: string): string {
  const tables = relations.filter((relation) => relation.hasOrg && relation.kind === 'table')
  const parts = tables.map(
    (relation) =>
      `select '${relation.name}' as name, md5(coalesce(string_agg(r, '|' order by r), '')) as digest from (select ${rowOf(relation)} as r from ${relation.name} t ${where}) x`,
  )
  return parts.join(' union all ')
}

/** Columns that contain one of these texts, plain, in hexadecimal or in base64. */
export async function findTexts(client: pg.ClientBase, relations: readonly Relation[], texts: readonly string[]): Promise<string[]> {
  const forms = texts.flatMap((text) => ['utf8', 'hex', 'base64'].map((form) => Buffer.from(text).toString(form as BufferEncoding)))
  const found = new Set<string>()
  for (const { name } of relations.filter(({ kind }) => kind === 'table')) {
    const { rows } = await client.query<{ row: Readonly<Record<string, unknown>> }>(`select to_jsonb(t) as row from ${name} t`)
    for (const [column, value] of rows.flatMap(({ row }) => Object.entries(row))) {
      const shown = typeof value === 'string' ? value : JSON.stringify(value)
      if (forms.some((form) => shown.includes(form))) found.add(`${name}.${column}`)
    }
  }
  return [...found]
}
