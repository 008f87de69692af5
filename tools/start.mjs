/** `npm start`: installs what is missing, then starts the server from its source. Arguments are passed on. */
import { join } from 'node:path'
import { become, install, root } from './install.mjs'

install()
become(['--conditions=orrery-source', join(root, 'apps/server/src/main.ts'), ...process.argv.slice(2)])
