import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuiltBundle, StepSource } from '../api.ts'
import { collectSteps } from '../workflow/step-registry.ts'
import { buildBundle } from './build-bundle.ts'
import { BuildError } from './build-error.ts'
import { buildSteps } from './build-steps.ts'

export interface LoadedProject {
  readonly bundle: BuiltBundle
  readonly steps: StepSource
  /** The modules found, relative to the root. */
  readonly entries: readonly string[]
}

const DEFAULT_PATTERN = 'workflows/**/*.{ts,mts,js,mjs}'
const NOT_CODE = /\.d\.m?ts$|\.(?:test|spec)\.m?[jt]s$|(?:^|[\\/])node_modules[\\/]/

let turn: Promise<unknown> = Promise.resolve()

/**
 * Builds a project and loads its steps into this process. The modules are those that match `workflows/**`, or the globs that package.json
 * sets under `"orrery": { "workflows": … }`. A project can be loaded again after a change. Throws BuildError.
 */
export async function loadProject(root: string): Promise<LoadedProject> {
  const entries = await findEntries(root)
  const [bundle, file] = await Promise.all([buildBundle({ entries, root }), buildSteps({ entries, root })])
  const load = () => collectSteps(() => import(pathToFileURL(file).href))
  const loaded = turn.then(load)
  // One load at a time, because steps register in one global place. A failed load must not stop the next ones.
  turn = loaded.catch(() => null)
  return { bundle, steps: await keepSteps(file, loaded), entries }
}

/** Node evaluates a module once. Loading the same text again would register nothing, so the first result is kept. */
const known = new Map<string, StepSource>()

async function keepSteps(file: string, loaded: Promise<StepSource>): Promise<StepSource> {
  const steps = await loaded
  const first = known.get(file)
  if (first !== undefined) return first
  known.set(file, steps)
  return steps
}

export async function findEntries(root: string): Promise<string[]> {
  const found: string[] = []
  for await (const file of glob(await readPatterns(root), { cwd: root })) if (!NOT_CODE.test(file)) found.push(file)
  return [...new Set(found)].sort()
}

async function readPatterns(root: string): Promise<string[]> {
  const file = join(root, 'package.json')
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}'
    throw error
  })
  const { orrery }: { orrery?: { workflows?: unknown } } = JSON.parse(text)
  const patterns: unknown = orrery?.workflows ?? DEFAULT_PATTERN
  const list: unknown[] = Array.isArray(patterns) ? patterns : [patterns]
  if (list.every((item) => typeof item === 'string')) return list
  throw new BuildError([`${file}: orrery.workflows must be a glob or a list of globs`])
}
