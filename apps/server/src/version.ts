import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The version of this package. Its manifest is one folder up, both in the checkout and in the published package. */
export const VERSION: string = (JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string })
  .version
