import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { UsageError } from '../io.ts'
import { findTemplates, type OwnPackages, ownPackages } from './own-packages.ts'

/** The dependencies of a new app besides Orrery's own packages, in the versions that this repository itself is tested with. */
export const APP_VERSIONS = {
  zod: '4.6.7',
  node: '24.21.0',
  typescript: '6.0.3',
  vitest: '5.1.1',
  '@types/node': '24.19.2',
} as const

export interface AppRequest {
  readonly folder: string
  readonly example?: string
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

/** Writes a new project: the template, or an example instead of the template's workflow. Refuses a folder that is not empty. */
export async function writeApp({ folder, example, say, signal }: AppRequest): Promise<void> {
  const templates = findTemplates()
  const source = example === undefined ? null : findExample(templates.examples, example)
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new UsageError(`${folder} exists and is not empty`)
  const own = await ownPackages(say, signal)
  mkdirSync(folder, { recursive: true })
  cpSync(templates.app, folder, { recursive: true, filter: (path) => source === null || !isReplaced(path, templates.app) })
  if (source !== null) cpSync(source, folder, { recursive: true, filter: (path) => !/[/\\](node_modules|out|\.orrery)$/.test(path) })
  if (own.vendor !== null) cpSync(own.vendor, join(folder, 'vendor'), { recursive: true })
  // The template is named `gitignore`, because npm does not pack files named `.gitignore`.
  renameSync(join(folder, 'gitignore'), join(folder, '.gitignore'))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(packageJson(folder, own, readManifest(source)), null, 2)}\n`)
}

function isReplaced(path: string, template: string): boolean {
  return ['workflows', 'tests', 'README.md'].some((name) => path === join(template, name))
}

function findExample(examples: string, name: string): string {
  const known = existsSync(examples)
    ? readdirSync(examples, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    : []
  if (!known.includes(name)) throw new UsageError(`--example: there is no example "${name}"; the examples are ${known.join(', ')}`)
  return join(examples, name)
}

/** What an example adds to the package.json of every app. */
interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function readManifest(example: string | null): Manifest {
  const file = example === null ? '' : join(example, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : {}
}

function packageJson(folder: string, own: OwnPackages, { scripts, devDependencies }: Manifest) {
  const { zod, ...tools } = APP_VERSIONS
  return {
    name:
      basename(folder)
        .toLowerCase()
        .replace(/[^a-z0-9._-]+/g, '-')
        .replace(/^[._-]+/, '') || 'app',
    private: true,
    type: 'module',
    scripts: { dev: 'orrery dev', ...scripts, test: 'vitest run', check: 'tsc' },
    dependencies: { ...own.dependencies, zod },
    // With `node` as a dependency, scripts and npx run on this version, whatever Node the system has.
    devDependencies: { ...own.devDependencies, ...tools, ...devDependencies },
    ...(own.overrides === undefined ? {} : { overrides: own.overrides }),
    // `node` is the only package that needs its install script, which links the binary.
    allowScripts: { node: true },
  }
}
