/** Rules about SQL: where it may be written, and that it names the organization. */
import ts from 'typescript'
import type { Finding, Rule } from './rule.ts'
import { lineOf, type Source, visit } from './tree.ts'

/**
 * Files that may contain SQL: the store of a noun, the kernel's database folder, the engine's store, the package that starts
 * PostgreSQL.
 */
const home = /-store\.ts$|^packages\/kernel\/src\/database\/|^packages\/engine\/src\/store\/postgres\/|^packages\/embedded-postgres\//
const statements = [
  /^\s*select\b[\s\S]*\b(?:from|set_config|pg_[a-z_]+)\b/,
  /^\s*(?:insert into|delete from|truncate|lock table) /,
  /^\s*update [a-z_.]+( [a-z]+)? set\b/,
  /^\s*with (?:recursive )?[a-z_]+(?:\([^)]*\))? as\b/,
  /^\s*(?:create|alter|drop) (?:table|view|index|role|schema|function|type|database|extension|publication)\b/,
  /^\s*(?:begin|commit|rollback)\s*(?:;|transaction|work|$)/,
]
const isSql = (text: string): boolean => statements.some((one) => one.test(text))

const isProduct = ({ path, isTest }: Source): boolean =>
  /^(?:packages|apps)\/[^/]+\/src\//.test(path) && !isTest && !path.includes('/testing/')

export const sqlPlaces: Rule = {
  name: 'SQL in stores only',
  unit: 'texts',
  check(tree) {
    let looked = 0
    const findings: Finding[] = []
    for (const source of tree.sources.filter((one) => isProduct(one) && !home.test(one.path))) {
      visit(source, (node) => {
        const text = textOf(node)
        if (text === null) return
        looked += 1
        if (isTagged(node) || isSql(text))
          findings.push({ path: source.path, line: lineOf(source, node), message: 'SQL belongs in the noun’s `*-store.ts`' })
      })
    }
    return { looked, findings }
  },
}

export const engineViews: Rule = {
  name: 'the engine is read through its views',
  unit: 'texts',
  check(tree) {
    let looked = 0
    const findings: Finding[] = []
    const outside = tree.sources.filter((one) => isProduct(one) && !one.path.startsWith('packages/engine/'))
    for (const source of outside) {
      visit(source, (node) => {
        const text = textOf(node)
        if (text === null) return
        looked += 1
        if (!isTagged(node) && !isSql(text)) return
        for (const [name] of text.matchAll(/\bengine\.[a-z_]+\b(?!\s*\()/g)) {
          if (!name.endsWith('_view'))
            findings.push({ path: source.path, line: lineOf(source, node), message: `${name}: other packages may read only engine.*_view` })
        }
      })
    }
    return { looked, findings }
  },
}

const createTable = /create table (?:if not exists )?([a-z_]+\.[a-z_0-9]+)\s*\(([\s\S]*?)\n\)/g
/** Queries with a condition on one organization, and statements over all of them that keep each row in its own. */
const namesOrg = /^\s*insert into [\s\S]*unnest\(|org_id\s*=|\(org_id\b|\borg_id in\b|partition by [a-z.]*org_id/

/** Organizations are isolated twice: by row-level security, and by the queries themselves. */
export const queriesNameOrg: Rule = {
  name: 'queries on tables with org_id name it',
  unit: 'statements',
  check(tree) {
    const migrations = tree.files.filter(({ path }) => /^packages\/[^/]+\/migrations\/.*\.sql$/.test(path))
    const tables = migrations.flatMap(({ text }) =>
      [...text.matchAll(createTable)].flatMap(([, table = '', columns = '']) => (/^\s*org_id\b/m.test(columns) ? [table] : [])),
    )
    const speaksOf = new RegExp(
      `\\b(?:from|join|update|into) (?:${[...tables, 'engine\\.[a-z]+_view'].map((table) => table.replace('.', '\\.')).join('|')})\\b`,
    )
    let looked = 0
    const findings: Finding[] = []
    for (const source of tree.sources.filter((one) => isProduct(one) && !one.path.startsWith('packages/engine/'))) {
      visit(source, (node) => {
        const text = textOf(node)
        if (text === null || !(isTagged(node) || isSql(text)) || !speaksOf.test(text)) return
        looked += 1
        if (!namesOrg.test(text) && !/all organizations/i.test(commentAbove(source, node)))
          findings.push({
            path: source.path,
            line: lineOf(source, node),
            message: 'no condition on org_id; if the query is for all organizations, say so and why in its comment',
          })
      })
    }
    return { looked, findings }
  },
}

/** The comment above the function or constant that contains a node. */
function commentAbove(source: Source, node: ts.Node): string {
  let at: ts.Node = node
  while (at.parent !== undefined && !ts.isSourceFile(at.parent)) at = at.parent
  return source.text.slice(at.getFullStart(), at.getStart(source.ast))
}

/** The text of a string literal or a template, with `?` for each substitution. */
function textOf(node: ts.Node): string | null {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node)) return node.head.text + node.templateSpans.map(({ literal }) => `?${literal.text}`).join('')
  return null
}

const isTagged = (node: ts.Node): boolean =>
  ts.isTaggedTemplateExpression(node.parent) && node.parent.template === node && node.parent.tag.getText() === 'sql'
