import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { version } from '../version.ts'
import { packCheckout } from './pack-checkout.ts'

/** The packages that an app's own code imports: one to write workflows, one to call the API. The command and the server need the others. */
const IMPORTED = ['@orrery/client', '@orrery/sdk']

export interface OwnPackages {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  /** Makes npm use a packed package where another package depends on it by version, too. Otherwise npm would ask the registry for it. */
  readonly overrides?: Readonly<Record<string, string>>
  /** The folder to copy into the app's `vendor/`. */
  readonly vendor: string | null
}

/** The root of the checkout that this command runs from, or null for an installed package. */
function findCheckout(): string | null {
  const here = fileURLToPath(new URL('../..', import.meta.url))
  return existsSync(join(here, 'src/main.ts')) ? fileURLToPath(new URL('../../../..', import.meta.url)) : null
}

/**
 * The entries for Orrery's packages in the app's package.json. A checkout has no published packages, so they are packed and
 * copied into the app's `vendor/`. All of them are listed, so that npm asks no registry for one.
 */
export async function ownPackages(say: (text: string) => void, signal: AbortSignal): Promise<OwnPackages> {
  const checkout = findCheckout()
  if (checkout === null) {
    const dependencies = Object.fromEntries(IMPORTED.map((name) => [name, version]))
    return { dependencies, devDependencies: { '@orrery/cli': version }, vendor: null }
  }
  const vendor = await packCheckout(checkout, say, signal)
  const entries = readdirSync(vendor)
    .filter((file) => file.endsWith('.tgz'))
    .map((file) => [nameOf(file), `file:vendor/${file}`] as const)
  return {
    dependencies: Object.fromEntries(entries.filter(([name]) => IMPORTED.includes(name))),
    devDependencies: Object.fromEntries(entries.filter(([name]) => !IMPORTED.includes(name))),
    overrides: Object.fromEntries(entries.map(([name]) => [name, `$${name}`])),
    vendor,
  }
}

/** The package name of a file that npm packed, such as `orrery-embedded-postgres-0.1.0.tgz`. */
function nameOf(file: string): string {
  return `@orrery/${basename(file)
    .replace(/^orrery-/, '')
    .replace(/-\d+\.\d+\.\d+[^/]*\.tgz$/, '')}`
}

/** The folders of the templates and examples, in a checkout or in a published package. */
export function findTemplates(): { readonly app: string; readonly examples: string } {
  const checkout = findCheckout()
  return {
    app: fileURLToPath(new URL('../../templates/app', import.meta.url)),
    examples: checkout === null ? fileURLToPath(new URL('../../dist/examples', import.meta.url)) : join(checkout, 'examples'),
  }
}
