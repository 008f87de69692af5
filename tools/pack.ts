/** `npm run pack [-- folder]`: builds, then packs every workspace as npm would publish it. Default folder: `dist/`. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from './workspaces.ts'

const destination = resolve(process.argv[2] ?? join(root, 'dist'))
await import('./build.ts')
mkdirSync(destination, { recursive: true })
execFileSync('npm', ['pack', '--workspaces', '--silent', '--pack-destination', destination], { cwd: root, stdio: 'inherit' })
console.log(`packed into ${destination}`)
