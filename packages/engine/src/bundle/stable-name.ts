import { readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'

/**
 * A file name that is the same on every machine: the path below the project's root, or `package@version/path` for an installed package,
 * whatever folder it is installed in.
 */
export async function stableName(file: string, root: string): Promise<string> {
  const below = relative(root, file)
  if (!below.startsWith('..') && !below.split(sep).includes('node_modules')) return below.split(sep).join('/')
  const owner = await findPackage(dirname(file))
  return owner === null ? file : `${owner.name}/${relative(owner.directory, file).split(sep).join('/')}`
}

interface Owner {
  readonly directory: string
  readonly name: string
}

const owners = new Map<string, Promise<Owner | null>>()

function findPackage(directory: string): Promise<Owner | null> {
  const known = owners.get(directory) ?? readOwner(directory)
  owners.set(directory, known)
  return known
}

/** Skips the package.json files without a name that packages have in their subfolders. */
async function readOwner(directory: string): Promise<Owner | null> {
  const text = await readFile(join(directory, 'package.json'), 'utf8').catch(missing)
  const { name, version }: { name?: string; version?: string } = text === null ? {} : JSON.parse(text)
  if (name !== undefined) return { directory, name: version === undefined ? name : `${name}@${version}` }
  const parent = dirname(directory)
  return parent === directory ? null : findPackage(parent)
}

function missing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
