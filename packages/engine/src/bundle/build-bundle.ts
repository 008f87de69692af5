import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import type { Metafile } from 'esbuild'
import type { BuiltBundle } from '../api.ts'
import { BUNDLE_FILE } from '../sandbox/compile-bundle.ts'
import { createSandbox } from '../sandbox/create-sandbox.ts'
import { locateStack } from '../sandbox/locate-stack.ts'
import { BuildError, toBuildError } from './build-error.ts'
import { type Builtin, modulePlugin, OWN } from './module-plugin.ts'
import { runEsbuild } from './run-esbuild.ts'

export interface BundleRequest {
  /** Workflow modules, absolute or relative to `root`. Their order does not matter. */
  readonly entries: readonly string[]
  readonly root: string
}

/** A module that does not load within this time has an endless loop at its top level. */
const LOAD_TIMEOUT_MS = 10_000

/**
 * Builds the text that the sandbox runs: workflow code and the machine that drives it, without step bodies. The same sources produce the
 * same text and hash on any machine, and a changed step body changes neither. Throws BuildError.
 */
export async function buildBundle(request: BundleRequest): Promise<BuiltBundle> {
  const root = await realpath(request.root)
  const entries = request.entries.map((entry) => resolve(root, entry)).sort()
  if (entries.length === 0) throw new BuildError([`no workflow modules were found below ${request.root}`])
  const builtins: Builtin[] = []
  const result = await runEsbuild({
    stdin: { contents: entryText(entries), resolveDir: root, sourcefile: 'orrery-bundle.js', loader: 'js' },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module', ...(extname(OWN.index) === '.ts' ? ['orrery-source'] : [])],
    target: 'es2024',
    // Lowered to our own Promise; see workflow/bundled/bundle-promise.ts.
    supported: { 'async-await': false, 'async-generator': false, 'for-await': false, 'dynamic-import': true },
    define: { 'process.env.NODE_ENV': '"production"' },
    // Modules are strict by definition. In strict mode a write to a frozen object throws.
    banner: { js: '"use strict";' },
    minifyWhitespace: true,
    minifySyntax: true,
    keepNames: false,
    charset: 'utf8',
    legalComments: 'none',
    // Apart from the text, which the hash names: a moved line of the author is no other version.
    sourcemap: 'external',
    sourcesContent: false,
    outfile: BUNDLE_FILE,
    treeShaking: true,
    tsconfigRaw: {},
    logLevel: 'silent',
    plugins: [modulePlugin(root, builtins)],
  }).catch((error: unknown) => {
    throw toBuildError(error, root)
  })
  refuseBuiltins(result.metafile, builtins)
  const [code = '', map = ''] = ['.js', '.map'].map((end) => result.outputFiles.find(({ path }) => path.endsWith(end))?.text)
  return { hash: createHash('sha256').update(code).digest('hex'), code, manifest: readManifest(code, map), map }
}

function entryText(entries: readonly string[]): string {
  const imports = entries.map((entry, index) => `import * as m${index} from ${JSON.stringify(entry)}`)
  return [
    `import ${JSON.stringify(OWN.install)}`,
    `import { installBundle } from ${JSON.stringify(OWN.entry)}`,
    ...imports,
    `installBundle([${entries.map((_, index) => `m${index}`).join(', ')}])`,
  ].join('\n')
}

/** Counts only the imports that tree shaking left in the output. Imports that only step bodies needed are gone by then. */
function refuseBuiltins(metafile: Metafile, builtins: readonly Builtin[]): void {
  const output = Object.entries(metafile.outputs).find(([name]) => !name.endsWith('.map'))?.[1]
  const kept = new Set(
    output?.imports.filter((item) => item.external).map(({ path }) => (path.startsWith('node:') ? path : `node:${path}`)),
  )
  const present = new Set(Object.keys(output?.inputs ?? {}).map((input) => input.replace(/^orrery:/, '')))
  const problems = builtins
    .filter(({ path, importer }) => kept.has(path) && present.has(importer))
    .map(({ path, importer }) => `${importer}: workflow code may not use ${path}; do it in a step`)
  if (problems.length > 0) throw new BuildError([...new Set(problems)])
  if (kept.size > 0) throw new BuildError([...kept].map((path) => `workflow code may not use ${path}; do it in a step`))
}

function readManifest(code: string, map: string): BuiltBundle['manifest'] {
  try {
    const sandbox = createSandbox(code, { timeoutMs: LOAD_TIMEOUT_MS })
    const manifest = sandbox.describe()
    sandbox.dispose()
    if (manifest.workflows.length === 0) throw new BuildError(['no module exports a workflow; write `export const name = workflow(…)`'])
    return manifest
  } catch (error) {
    if (error instanceof BuildError) throw error
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    // `    at name (file:line:column)`
    const place = /^ +at (?:.*\()?(.+?)\)?$/m.exec(locateStack(stack, code, map).replaceAll(/^ +at .*(?:node:|file:|<).*$/gm, ''))?.[1]
    throw new BuildError([`${place === undefined ? '' : `${place}: `}the workflow modules cannot be loaded: ${message}`])
  }
}
