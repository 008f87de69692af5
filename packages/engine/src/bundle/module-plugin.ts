import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type ImportKind,
  type Loader,
  type OnLoadResult,
  type OnResolveResult,
  type PartialMessage,
  type Plugin,
  type TransformFailure,
  transform,
} from 'esbuild'
import { stableName } from './stable-name.ts'
import { stripSteps } from './strip-steps.ts'

const own = (path: string): string => fileURLToPath(new URL(`../workflow/${path}${extname(import.meta.url)}`, import.meta.url))
/** A bundle contains the machine beside this file, not the copy that the project may have. */
export const OWN = { index: own('index'), entry: own('bundled/bundle-entry'), install: own('bundled/install') }
const LOADERS: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.mts': 'ts', '.cts': 'ts', '.tsx': 'tsx', '.jsx': 'jsx', '.json': 'json' }
const NAMESPACE = 'orrery'
const ASKED = Symbol('asked esbuild itself')

export interface Builtin {
  readonly path: string
  readonly importer: string
}

/**
 * Loads every module under a name that does not depend on the machine, strips steps, and marks modules as free of side effects. Collects
 * imports of Node's builtins; which of them remain is known only after tree shaking.
 */
export function modulePlugin(root: string, builtins: Builtin[]): Plugin {
  const realPaths = new Map<string, string>()
  return {
    name: 'orrery-modules',
    setup(build) {
      build.onResolve(
        { filter: /.*/ },
        async ({ path, importer, namespace, resolveDir, kind, pluginData }): Promise<OnResolveResult | undefined> => {
          if (pluginData === ASKED) return undefined
          if (path.startsWith('node:') || builtinModules.includes(path)) {
            builtins.push({ path: path.startsWith('node:') ? path : `node:${path}`, importer })
            return { path, external: true, sideEffects: false }
          }
          const resolve = (from: string) =>
            build.resolve(path, { kind: kind as ImportKind, resolveDir: from, importer, namespace: 'file', pluginData: ASKED })
          let real = path === '@orrery/engine/workflow' ? OWN.index : ''
          if (real === '') {
            const found = await resolve(resolveDir)
            // A project that is not installed yet resolves the SDK to this engine's.
            const again = found.errors.length > 0 && path.startsWith('@orrery/') ? await resolve(dirname(OWN.index)) : found
            if (again.errors.length > 0) {
              const from = namespace === NAMESPACE ? realPaths.get(importer) : undefined
              return { errors: [await locate(`cannot find ${JSON.stringify(path)}`, path, importer, from)] }
            }
            real = again.path
          }
          const name = await stableName(real, root)
          realPaths.set(name, real)
          return { path: name, namespace: NAMESPACE, sideEffects: real === OWN.install || real === OWN.entry }
        },
      )
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => load(path, realPaths.get(path) ?? path))
    },
  }
}

async function load(name: string, real: string): Promise<OnLoadResult> {
  const source = await readFile(real, 'utf8')
  const loader = LOADERS[extname(real)] ?? 'js'
  const resolveDir = dirname(real)
  if (loader === 'json' || real.startsWith(dirname(OWN.index)) || !source.includes('@orrery/'))
    return { contents: source, loader, resolveDir }
  const options = {
    loader,
    sourcefile: name,
    format: 'esm',
    target: 'esnext',
    logLevel: 'silent',
    sourcemap: 'inline',
    sourcesContent: false,
  } as const
  const { code, errors } = await transform(source, options).then(
    (result) => ({ ...result, errors: [] }),
    (failure: TransformFailure) => ({ code: '', errors: failure.errors }),
  )
  // esbuild's locations already name the author's file and line.
  return errors.length > 0 ? { errors } : { contents: stripSteps(code), loader: 'js', resolveDir }
}

/** Finds the specifier in the author's source, because esbuild sees the stripped text. */
async function locate(text: string, specifier: string, importer: string, real: string | undefined): Promise<PartialMessage> {
  if (real === undefined) return { text }
  const lines = (await readFile(real, 'utf8')).split('\n')
  const line = lines.findIndex((at) => at.includes(`'${specifier}'`) || at.includes(`"${specifier}"`))
  const column = lines[line]?.indexOf(specifier) ?? 0
  return {
    text,
    location: { file: importer, namespace: NAMESPACE, line: line + 1, column: Math.max(0, column - 1), lineText: lines[line] ?? '' },
  }
}
