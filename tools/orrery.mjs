/** `npm run orrery`: installs what is missing, then runs the command line of this checkout with the given arguments. */
import { join } from 'node:path'
import { become, install, root } from './install.mjs'

await install()
become([join(root, 'apps/cli/bin/orrery.mjs'), ...process.argv.slice(2)])
