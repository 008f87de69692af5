/**
 * The one idiom for SQL: text in a tagged template. A value in `${}` becomes a parameter; a fragment (another `sql`) becomes part of the text, so
 * that a filter is `${name === undefined ? empty : sql`and name = ${name}`}`.
 */
import sql, { empty, join, raw, type Sql } from 'sql-template-tag'

export { empty, join, type Sql, sql }

/** A statement as a connection takes it. With a name it is prepared once on each connection. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
  readonly name?: string
}

/** The same statement, prepared under a name: for those that run hundreds of times a second. One name stands for one text. */
export function prepared(name: string, { text, values }: Sql): Statement {
  return { name, text, values }
}

/** A list of columns, each of the table `alias` if one is named. */
export function columns(names: readonly string[], alias?: string): Sql {
  return raw(names.map((name) => (alias === undefined ? name : `${alias}.${name}`)).join(', '))
}

/** `insert into table (…) values (…)`, one column for each member of the row. Members that are `undefined` are left out. */
export function insertInto(table: string, row: object): Sql {
  const members = Object.entries(row).filter(([, value]) => value !== undefined)
  const values = members.map(([, value]) => value as unknown)
  return sql`insert into ${raw(table)} (${columns(members.map(([name]) => name))}) values (${join(values, ', ')})`
}

/** `name = value, …` for `update … set` and `on conflict … do update set`. Members that are `undefined` are left out. */
export function assignments(changes: object): Sql {
  const members = Object.entries(changes).filter(([, value]) => value !== undefined)
  return join(
    members.map(([name, value]) => sql`${raw(name)} = ${value as unknown}`),
    ', ',
  )
}
