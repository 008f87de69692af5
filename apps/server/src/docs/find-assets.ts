import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The files of Swagger UI that the docs page loads. The published package contains copies; a checkout reads them from node_modules. */
export const DOCS_ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const
export type DocsAsset = keyof typeof DOCS_ASSETS

export function readAsset(name: DocsAsset): Buffer<ArrayBuffer> {
  const packed = join(import.meta.dirname, 'assets', name)
  if (existsSync(packed)) return readFileSync(packed)
  return readFileSync(join(dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')), name))
}
