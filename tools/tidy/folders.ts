/**
 * No import cycles between the files and folders of one folder. Then a reader can start at the bottom, and a folder can be
 * moved without its
 * neighbours.
 */
import { findGroups, type Import, readImports } from './import-graph.ts'
import type { Finding, Rule } from './rule.ts'
import type { Tree } from './tree.ts'

const source = /^(?:packages|apps)\/[^/]+\/src\//
/** Test set-up may import anything: it is not part of the built package. */
const testing = /\/testing\//

interface Arrow {
  /** The folder that contains both ends. */
  readonly folder: string
  /** A file or folder in it. */
  readonly from: string
  readonly to: string
  readonly files: string
}

export const folderCycles: Rule = {
  name: 'no cycles between folders',
  unit: 'imports between neighbours',
  check(tree) {
    const arrows = readImports(tree).flatMap((one) => toArrow(tree, one) ?? [])
    const findings = [...Map.groupBy(arrows, ({ folder }) => folder)].flatMap(([folder, own]) => findCyclesIn(folder, own))
    return { looked: arrows.length, findings }
  },
}

function toArrow(tree: Tree, { from, to }: Import): Arrow | undefined {
  const root = source.exec(from.path)?.[0]
  if (root === undefined || to === undefined || !to.startsWith(root)) return undefined
  if ([from.path, to].some((path) => testing.test(path)) || from.isTest || from.isGenerated) return undefined
  if (tree.sources.find(({ path }) => path === to)?.isTest) return undefined
  const [here, there] = [from.path.split('/'), to.split('/')]
  const depth = here.findIndex((part, at) => part !== there[at])
  const [a, b] = [here[depth], there[depth]]
  if (a === undefined || b === undefined) return undefined
  return { folder: here.slice(0, depth).join('/'), from: a, to: b, files: `${from.path} -> ${to}` }
}

function findCyclesIn(folder: string, arrows: readonly Arrow[]): Finding[] {
  const groups = findGroups(arrows.map(({ from, to }) => [from, to] as const))
  return groups.map((group) => {
    const inside = arrows.filter(({ from, to }) => group.includes(from) && group.includes(to))
    const byPair = Map.groupBy(inside, ({ from, to }) => `${from} -> ${to}`)
    const fewest = [...byPair.values()].sort((a, b) => a.length - b.length).slice(0, 3)
    const shown = fewest.map(([first]) => first?.files).join('; ')
    return { path: folder, message: `${group.join(', ')} depend on each other; the edges with the fewest imports: ${shown}` }
  })
}
