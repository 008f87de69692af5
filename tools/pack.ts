/** `npm run pack [-- folder]`: builds, then packs every workspace as npm would publish it. Default folder: `dist/`. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readWorkspaces, root } from './workspaces.ts'

const destination = resolve(process.argv[2] ?? join(root, 'dist'))
await import('./build.ts')
mkdirSync(destination, { recursive: true })

// Ctrl-C ends npm, too, and then the copies below are removed.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => {})

// npm packs only a LICENSE inside the package's folder, so copy it there.
const licences = readWorkspaces().map(({ folder }) => join(folder, 'LICENSE'))
for (const licence of licences) copyFileSync(join(root, 'LICENSE'), licence)
try {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  execFileSync(npm, ['pack', '--workspaces', '--silent', '--pack-destination', destination], { cwd: root, stdio: 'inherit' })
} finally {
  for (const licence of licences) rmSync(licence, { force: true })
}
console.log(`packed into ${destination}`)
