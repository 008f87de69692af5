/** Reads the packages of this repository, in the order of their dependencies. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

export interface Workspace {
  readonly name: string
  readonly folder: string
  readonly dependencies: readonly string[]
}

export function readWorkspaces(): Workspace[] {
  const found = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => join(root, parent, name))
      .filter((folder) => existsSync(join(folder, 'package.json')))
      .map(readWorkspace),
  )
  return inOrder(found)
}

function readWorkspace(folder: string): Workspace {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest
  return { name: manifest.name, folder, dependencies: Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }) }
}

interface Manifest {
  readonly name: string
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
}

function inOrder(workspaces: readonly Workspace[]): Workspace[] {
  const ordered: Workspace[] = []
  const visit = (workspace: Workspace, path: readonly string[]): void => {
    if (ordered.includes(workspace)) return
    if (path.includes(workspace.name))
      throw new Error(`packages depend on each other in a cycle: ${[...path, workspace.name].join(' -> ')}`)
    for (const needed of workspaces.filter(({ name }) => workspace.dependencies.includes(name))) visit(needed, [...path, workspace.name])
    ordered.push(workspace)
  }
  for (const workspace of workspaces) visit(workspace, [])
  return ordered
}
