/**
 * No small file with a single importer. Opening a file and learning its name costs a reader more than a few lines are worth, so
 * the code belongs in
 * the file that uses it. Exceptions are files that readers look up by name: entry points, operations, programs, and the SQL of
 * a folder or statement.
 */
import { readExports, readImports } from './import-graph.ts'
import type { Rule } from './rule.ts'
import type { Source, Tree } from './tree.ts'

const linesMin = 15
/**
 * Programs, the feature file of a noun, the SQL of a folder (which may be nowhere else), and the engine's statements, one part
 * per file.
 */
const standAlone = /\/main\.ts$|\/feature\.ts$|-store\.ts$|\/store\/postgres\/parts\//

interface SmallFile {
  readonly path: string
  readonly importer: string
}

export const smallFiles: Rule = {
  name: 'no small file with one importer',
  unit: 'source files',
  check(tree) {
    const findings = listSmallFiles(tree).map(({ path, importer }) => ({
      path,
      message: `fewer than ${linesMin} lines, and only ${importer} imports it: move the code there`,
    }))
    return { looked: tree.sources.filter(isSource).length, findings }
  },
}

function listSmallFiles(tree: Tree): SmallFile[] {
  const entries = new Set(readExports(tree).values())
  const importers = Map.groupBy(readImports(tree), ({ to }) => to)
  return tree.sources.filter(isSource).flatMap((source) => {
    if (entries.has(source.path) || standAlone.test(source.path) || countLines(source) >= linesMin) return []
    const sources = (importers.get(source.path) ?? []).map(({ from }) => from).filter((from) => !from.isTest)
    const [importer, ...others] = new Set(sources)
    if (importer === undefined || others.length > 0) return []
    // The code cannot move into a generated file or an entry point, which only list things, nor into another folder of the package, because
    // the file is the interface between the two folders.
    const isElsewhere = folderOf(importer.path) !== folderOf(source.path)
    return importer.isGenerated || entries.has(importer.path) || isElsewhere ? [] : [{ path: source.path, importer: importer.path }]
  })
}

/** The folder below `src`, such as `packages/core/src/runs`, or `src` itself. */
const folderOf = (path: string): string =>
  path
    .split('/')
    .slice(0, 4)
    .join('/')
    .replace(/\/[^/]+\.ts$/, '')
const countLines = ({ text }: Source): number => text.trimEnd().split('\n').length

function isSource({ path, isTest, isGenerated }: Source): boolean {
  return /^(?:packages|apps)\/[^/]+\/src\//.test(path) && !isTest && !isGenerated
}
