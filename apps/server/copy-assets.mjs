// Copies the assets of the docs page into dist, so that the published package does not depend on swagger-ui-dist,
// which has a dependency that reports installs to a third party.
import { copyFileSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const from = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
const to = join(import.meta.dirname, 'dist', 'docs', 'assets')
mkdirSync(to, { recursive: true })
for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js', 'LICENSE', 'NOTICE']) copyFileSync(join(from, name), join(to, name))
