/**
 * Small files that one other file imports. Opening a file and learning its name costs a reader more than its few lines are worth, so they belong to
 * the file that uses them. What is looked up by its own name stays: entry points, operations, programs, and the SQL of a folder or of a statement.
 */
import { readExports, readImports } from './import-graph.ts'
import type { Rule } from './rule.ts'
import type { Source, Tree } from './tree.ts'

const linesMin = 15
/** Programs; what a noun brings; a folder's SQL, which may be nowhere else; the engine's statements, one part a file. */
const standAlone = /\/main\.ts$|\/feature\.ts$|-store\.ts$|\/store\/postgres\/parts\//

/** Today's offences: how many, by package. The numbers only shrink; a test checks that they are exact. */
export const knownSmallFiles: Readonly<Record<string, number>> = {
  'packages/engine': 3,
}

interface SmallFile {
  readonly home: string
  readonly path: string
  readonly importer: string
}

export const smallFiles: Rule = {
  name: 'no small file with one importer',
  unit: 'source files',
  check(tree) {
    const found = Map.groupBy(listSmallFiles(tree), ({ home }) => home)
    const findings = [...found]
      .filter(([home, files]) => files.length > (knownSmallFiles[home] ?? 0))
      .flatMap(([, files]) => files)
      .map(({ path, importer }) => ({ path, message: `fewer than ${linesMin} lines, and only ${importer} imports it: it belongs there` }))
    return { looked: tree.sources.filter(isSource).length, findings }
  },
}

export function listSmallFiles(tree: Tree): SmallFile[] {
  const entries = new Set(readExports(tree).values())
  const importers = Map.groupBy(readImports(tree), ({ to }) => to)
  return tree.sources.filter(isSource).flatMap((source) => {
    if (entries.has(source.path) || standAlone.test(source.path) || countLines(source) >= linesMin) return []
    const sources = (importers.get(source.path) ?? []).map(({ from }) => from).filter((from) => !from.isTest)
    const [importer, ...others] = new Set(sources)
    if (importer === undefined || others.length > 0) return []
    // Generated files list operations, entry points list what a package exports: neither is the place for code. Nor is another folder of the package:
    // the file is how the two folders meet.
    const isElsewhere = folderOf(importer.path) !== folderOf(source.path)
    return importer.isGenerated || entries.has(importer.path) || isElsewhere
      ? []
      : [{ home: homeOf(source), path: source.path, importer: importer.path }]
  })
}

/** `packages/core/src/runs`, or the package's `src` itself. */
const folderOf = (path: string): string =>
  path
    .split('/')
    .slice(0, 4)
    .join('/')
    .replace(/\/[^/]+\.ts$/, '')
const homeOf = ({ path }: Source): string => path.split('/').slice(0, 2).join('/')
const countLines = ({ text }: Source): number => text.trimEnd().split('\n').length

function isSource({ path, isTest, isGenerated }: Source): boolean {
  return /^(?:packages|apps)\/[^/]+\/src\//.test(path) && !isTest && !isGenerated
}
