/**
 * All SQL is written as text in a tagged template. A value in `${}` becomes a parameter, and a fragment (another `sql`) becomes part of
 * the text. An optional filter is therefore `${name === undefined ? empty : sql`and name = ${name}`}`.
 */
import sql, { empty, join, raw, type Sql } from 'sql-template-tag'

export { empty, join, type Sql, sql }

/** A statement in the form that a connection takes. With a name it is prepared once on each connection. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
  readonly name?: string
}

/**
 * The same statement, prepared under a name: for statements that run hundreds of times a second. Each name must always have the same text.
 */
export function prepared(name: string, { text, values }: Sql): Statement {
  return { name, text, values }
}

/** A list of columns, each with the prefix `alias.` if there is an alias. */
export function columns(names: readonly string[], alias?: string): Sql {
  return raw(names.map((name) => (alias === undefined ? name : `${alias}.${name}`)).join(', '))
}

/** `insert into table (…) values (…)` with one column for each member of the row. Leaves out members that are `undefined`. */
export function insertInto(table: string, row: object): Sql {
  const members = Object.entries(row).filter(([, value]) => value !== undefined)
  const values = members.map(([, value]) => value as unknown)
  return sql`insert into ${raw(table)} (${columns(members.map(([name]) => name))}) values (${join(values, ', ')})`
}

/** `name = value, …` for `update … set` and `on conflict … do update set`. Leaves out members that are `undefined`. */
export function assignments(changes: object): Sql {
  const members = Object.entries(changes).filter(([, value]) => value !== undefined)
  return join(
    members.map(([name, value]) => sql`${raw(name)} = ${value as unknown}`),
    ', ',
  )
}
