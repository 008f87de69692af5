/** A program that only calls the API does not install a compiler, a parser or a database driver. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Locked {
  readonly link?: boolean
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const { packages } = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as {
  packages: Readonly<Record<string, Locked>>
}

test('depends only on the contract and its zod', () => {
  expect([...findInstalled('packages/client')].sort()).toEqual(['@orrery/contract', 'zod'])
})

/** Names of all packages that npm installs for the package at this path of the lockfile. */
function findInstalled(place: string, found = new Set<string>()): ReadonlySet<string> {
  const { dependencies, optionalDependencies } = packages[place] ?? {}
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    if (found.has(name)) continue
    found.add(name)
    const nested = packages[`${place}/node_modules/${name}`] ? `${place}/node_modules/${name}` : `node_modules/${name}`
    const { link, resolved } = packages[nested] ?? {}
    findInstalled(link === true ? (resolved ?? nested) : nested, found)
  }
  return found
}
