/** The repository as the rules see it: paths and texts, read once. Tests build a tree from a few lines instead. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const binary = /\.(png|jpg|ico|woff2?|gz|tgz|zip|db|parquet)$/
const textBytesMax = 2 * 1024 * 1024

export interface TreeFile {
  /** Relative to the root, with slashes. */
  readonly path: string
  readonly bytes: number
  /** Empty for binary and very large files. */
  readonly text: string
}

export interface Source extends TreeFile {
  readonly ast: ts.SourceFile
  readonly isTest: boolean
  readonly isGenerated: boolean
}

export interface Tree {
  readonly files: readonly TreeFile[]
  /** The parsed TypeScript files, and the few JavaScript files that run before Node 24 is installed. */
  readonly sources: readonly Source[]
  find(path: string): TreeFile | undefined
}

export function readTree(root: string): Tree {
  const isIgnored = readIgnored(root)
  return makeTree(listFiles(root, '', isIgnored).map((path) => readTreeFile(root, path)))
}

/** Builds a tree from texts by path. */
export function treeOf(texts: Readonly<Record<string, string>>): Tree {
  return makeTree(Object.entries(texts).map(([path, text]) => ({ path, text, bytes: Buffer.byteLength(text) })))
}

function makeTree(files: readonly TreeFile[]): Tree {
  const byPath = new Map(files.map((file) => [file.path, file]))
  return { files, sources: files.filter(({ path }) => /\.(ts|mjs)$/.test(path)).map(parse), find: (path) => byPath.get(path) }
}

const testSuffix = /\.(test|suite|e2e|chaos|fuzz|fixture)\.ts$|\/(fixtures|[a-z-]+-suite)\//

function parse(file: TreeFile): Source {
  return {
    ...file,
    ast: ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true),
    isTest: testSuffix.test(file.path) || file.path.startsWith('tests/') || file.text.includes('/tests/support/'),
    isGenerated: file.path.endsWith('.generated.ts'),
  }
}

/** Reads .gitignore. Supports the three forms that ours uses: `name/` anywhere, `a/path/` from the root, `*.ending`. */
function readIgnored(root: string): (path: string, name: string) => boolean {
  const patterns = readFileSync(join(root, '.gitignore'), 'utf8').split('\n').filter(Boolean)
  const exact = new Set(['.git', ...patterns.map((pattern) => pattern.replace(/\/$/, ''))])
  const endings = patterns.filter((pattern) => pattern.startsWith('*.')).map((pattern) => pattern.slice(1))
  return (path, name) => exact.has(name) || exact.has(path) || endings.some((ending) => name.endsWith(ending))
}

function listFiles(root: string, folder: string, isIgnored: (path: string, name: string) => boolean): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (isIgnored(path, entry.name)) return []
    if (entry.isDirectory()) return listFiles(root, path, isIgnored)
    return entry.isFile() ? [path] : []
  })
}

function readTreeFile(root: string, path: string): TreeFile {
  const bytes = statSync(join(root, path)).size
  const text = binary.test(path) || bytes > textBytesMax ? '' : readFileSync(join(root, path), 'utf8')
  return { path, bytes, text }
}

/** Calls `see` for every node of a file, depth first. */
export function visit(source: Source, see: (node: ts.Node) => void): void {
  const walk = (node: ts.Node): void => {
    see(node)
    ts.forEachChild(node, walk)
  }
  walk(source.ast)
}

export const lineOf = (source: Source, node: ts.Node): number =>
  source.ast.getLineAndCharacterOfPosition(node.getStart(source.ast)).line + 1
