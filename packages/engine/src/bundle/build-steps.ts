import { createHash } from 'node:crypto'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Plugin } from 'esbuild'
import type { BundleRequest } from './build-bundle.ts'
import { toBuildError } from './build-error.ts'
import { OWN } from './module-plugin.ts'
import { runEsbuild } from './run-esbuild.ts'

/**
 * Builds the modules with their step bodies for the worker: one Node module in `<root>/.orrery/`, named by its content. Packages are not
 * bundled. Returns the module's path. Throws BuildError.
 */
export async function buildSteps(request: BundleRequest): Promise<string> {
  const root = await realpath(request.root)
  const entries = request.entries.map((entry) => resolve(root, entry)).sort()
  const directory = join(root, '.orrery')
  const result = await runEsbuild({
    stdin: {
      contents: entries.map((entry, index) => `export * as m${index} from ${JSON.stringify(entry)}`).join('\n'),
      resolveDir: root,
      sourcefile: 'orrery-steps.js',
      loader: 'js',
    },
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'es2024',
    packages: 'external',
    charset: 'utf8',
    // With source maps enabled, as in the server, stacks of step bodies then show the author's lines.
    sourcemap: 'inline',
    outfile: join(directory, 'steps.mjs'),
    sourcesContent: false,
    tsconfigRaw: {},
    logLevel: 'silent',
    plugins: [ownEngine(root)],
  }).catch((error: unknown) => {
    throw toBuildError(error, root)
  })
  const code = result.outputFiles[0]?.text ?? ''
  const file = join(directory, `steps-${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`)
  await mkdir(directory, { recursive: true })
  await writeFile(file, code)
  return file
}

const ASKED = Symbol('asked esbuild itself')

/** Steps must register with the engine that runs them. A project that is not installed yet has no SDK of its own either. */
function ownEngine(root: string): Plugin {
  return {
    name: 'orrery-engine',
    setup(build) {
      const external = { path: pathToFileURL(OWN.index).href, external: true }
      build.onResolve({ filter: /^@orrery\/engine\/workflow$/ }, () => external)
      build.onResolve({ filter: /^@orrery\/sdk$/ }, async ({ path, kind, pluginData }) => {
        if (pluginData === ASKED) return undefined
        const found = await build.resolve(path, { kind, resolveDir: root, pluginData: ASKED })
        return found.errors.length > 0 ? external : { path, external: true }
      })
    },
  }
}
