/** Rules about the text of migrations. `migrations.pg.test.ts` checks the database that they create. */
import type { Finding, Rule } from './rule.ts'
import type { Tree } from './tree.ts'

const migrationFile = /^packages\/[^/]+\/migrations\/.*\.sql$/
const createTable = /create table (?:if not exists )?([a-z_]+\.[a-z_0-9]+)\s*\(([\s\S]*?)\n\)/g

export const rowLevelSecurity: Rule = {
  name: 'row-level security on every table with org_id',
  unit: 'tables',
  check(tree) {
    const tables = findTables(tree)
    const findings = tables.flatMap(({ table, path, line, columns, set }): Finding[] => {
      if (!/^\s*org_id\b/m.test(columns)) return []
      return ['enable', 'force'].flatMap((verb) =>
        isSecured(set, table, verb)
          ? []
          : [{ path, line, message: `${table} has org_id: "alter table ${table} ${verb} row level security" is missing` }],
      )
    })
    return { looked: tables.length, findings }
  },
}

/** True if row-level security is set for the table by name, or in a loop over all tables of its schema. */
function isSecured(set: string, table: string, verb: string): boolean {
  const schema = table.split('.')[0]
  return (
    set.includes(`alter table ${table} ${verb} row level security`) || set.includes(`alter table ${schema}.%I ${verb} row level security`)
  )
}

interface Table {
  readonly table: string
  readonly path: string
  readonly line: number
  readonly columns: string
  /** All migrations of its package as one text. */
  readonly set: string
}

function findTables(tree: Tree): Table[] {
  const migrations = tree.files.filter(({ path }) => migrationFile.test(path))
  const sets = Map.groupBy(migrations, ({ path }) => path.split('/')[1])
  return [...sets.values()].flatMap((files) => {
    const set = files.map(({ text }) => text).join('\n')
    return files.flatMap(({ path, text }) =>
      [...text.matchAll(createTable)].map(({ 1: table = '', 2: columns = '', index }) => {
        return { table, columns, path, line: text.slice(0, index).split('\n').length, set }
      }),
    )
  })
}

export const sqlCase: Rule = {
  name: 'SQL in lower case',
  unit: 'migrations',
  check(tree) {
    const files = tree.files.filter(({ path }) => migrationFile.test(path))
    const findings = files.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, at) => {
        const found = /\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|FROM|WHERE|TABLE)\b/.exec(line.replace(/--.*$/, ''))
        return found ? [{ path, line: at + 1, message: `${found[0]} in capitals` }] : []
      }),
    )
    return { looked: files.length, findings }
  },
}
