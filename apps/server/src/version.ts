import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Of this package; its manifest lies one folder up, in the checkout and in the package. */
export const VERSION: string = (JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string })
  .version
