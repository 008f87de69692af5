/** `npm start`: installs what is missing, then runs the server from source with the given arguments. */
import { join } from 'node:path'
import { become, install, root } from './install.mjs'

await install()
become(['--conditions=orrery-source', join(root, 'apps/server/src/main.ts'), ...process.argv.slice(2)])
