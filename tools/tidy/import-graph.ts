/** The graph of imports. Type imports count too, because a cycle of types also prevents moving a file. */
import { posix } from 'node:path'
import ts from 'typescript'
import { lineOf, type Source, type Tree, visit } from './tree.ts'

export interface Import {
  readonly from: Source
  readonly line: number
  readonly specifier: string
  /** The imported file, if it is in this repository. */
  readonly to: string | undefined
}

export function readImports(tree: Tree): Import[] {
  const packages = readExports(tree)
  return tree.sources.flatMap((from) =>
    findSpecifiers(from).map(({ specifier, line }) => ({ from, line, specifier, to: resolve(from, specifier, packages) })),
  )
}

function findSpecifiers(source: Source): { specifier: string; line: number }[] {
  const found: { specifier: string; line: number }[] = []
  const add = (node: ts.Node | undefined) => {
    if (node && ts.isStringLiteralLike(node)) found.push({ specifier: node.text, line: lineOf(source, node) })
  }
  visit(source, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier)
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal)
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0])
  })
  return found
}

function resolve(from: Source, specifier: string, packages: ReadonlyMap<string, string>): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from.path), specifier)
  return packages.get(specifier)
}

/** Maps entry points to files, from the `exports` of the packages: `@orrery/engine/workflow` -> `packages/engine/src/workflow/index.ts`. */
export function readExports(tree: Tree): Map<string, string> {
  const exports = new Map<string, string>()
  for (const { path, text } of tree.files) {
    if (!/^(packages|apps)\/[^/]+\/package\.json$/.test(path)) continue
    const manifest = JSON.parse(text) as { name: string; exports?: Record<string, { 'orrery-source'?: string } | string> }
    for (const [key, target] of Object.entries(manifest.exports ?? {})) {
      const source = typeof target === 'string' ? undefined : target['orrery-source']
      if (source) exports.set(posix.join(manifest.name, key), posix.join(posix.dirname(path), source))
    }
  }
  return exports
}

/** Groups of files that import each other, directly or not, and files that import themselves. */
export function findCycles(imports: readonly Import[]): string[][] {
  return findGroups(imports.flatMap(({ from, to }) => (to === undefined ? [] : [[from.path, to] as const])))
}

/** The strongly connected components of a graph (Tarjan 1972), except single nodes without an edge to themselves. */
export function findGroups(edges: readonly (readonly [from: string, to: string])[]): string[][] {
  const targets = Map.groupBy(edges, ([from]) => from)
  const state = new Map<string, { index: number; low: number; onStack: boolean }>()
  const stack: string[] = []
  const groups: string[][] = []
  const connect = (node: string): { index: number; low: number; onStack: boolean } => {
    const here = { index: state.size, low: state.size, onStack: true }
    state.set(node, here)
    stack.push(node)
    for (const [, to] of targets.get(node) ?? []) {
      const known = state.get(to)
      if (!known) here.low = Math.min(here.low, connect(to).low)
      else if (known.onStack) here.low = Math.min(here.low, known.index)
    }
    if (here.low === here.index) groups.push(takeGroup(node, stack, state))
    return here
  }
  for (const node of targets.keys()) if (!state.has(node)) connect(node)
  return groups.filter(([first, ...others]) => others.length > 0 || targets.get(first ?? '')?.some(([, to]) => to === first))
}

function takeGroup(root: string, stack: string[], state: Map<string, { onStack: boolean }>): string[] {
  const group = stack.splice(stack.indexOf(root))
  for (const node of group) {
    const known = state.get(node)
    if (known) known.onStack = false
  }
  return group.sort()
}
