// Runs before packing: copies the examples of the repository to `dist/examples`, for `orrery init --example`.
import { cpSync, existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const from = fileURLToPath(new URL('../../../examples', import.meta.url))
const to = fileURLToPath(new URL('../dist/examples', import.meta.url))
if (existsSync(from)) {
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true, filter: (path) => !/[/\\](node_modules|vendor|out|\.orrery|package-lock\.json)$/.test(path) })
}
