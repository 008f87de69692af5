/** The name of an exported type is unique in its package. */
import ts from 'typescript'
import type { Rule } from './rule.ts'
import { lineOf, type Source, type Tree } from './tree.ts'

interface Declared {
  readonly name: string
  readonly source: Source
  readonly line: number
}

export const uniqueTypeNames: Rule = {
  name: 'exported type names are unique in a package',
  unit: 'exported types',
  check(tree) {
    const byPackage = readTypes(tree)
    const findings = [...byPackage].flatMap(([home, types]) =>
      findRepeated(types).map(([first, ...others]) => ({
        path: first?.source.path ?? home,
        ...(first === undefined ? {} : { line: first.line }),
        message: `another type of this package is also named "${first?.name}": ${others.map(({ source }) => source.path).join(', ')}`,
      })),
    )
    return { looked: [...byPackage.values()].flat().length, findings }
  },
}

function readTypes(tree: Tree): Map<string, Declared[]> {
  const byPackage = new Map<string, Declared[]>()
  for (const source of tree.sources) {
    const home = /^(?:packages|apps)\/[^/]+(?=\/src\/)/.exec(source.path)?.[0]
    if (home === undefined || source.isTest || source.isGenerated) continue
    byPackage.set(home, [...(byPackage.get(home) ?? []), ...source.ast.statements.flatMap((one) => toExportedType(source, one))])
  }
  return byPackage
}

function toExportedType(source: Source, statement: ts.Statement): Declared[] {
  if (!ts.isInterfaceDeclaration(statement) && !ts.isTypeAliasDeclaration(statement) && !ts.isClassDeclaration(statement)) return []
  const isExported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
  return isExported && statement.name ? [{ name: statement.name.text, source, line: lineOf(source, statement) }] : []
}

function findRepeated(types: readonly Declared[]): Declared[][] {
  return [...Map.groupBy(types, ({ name }) => name).values()].filter((group) => group.length > 1)
}
