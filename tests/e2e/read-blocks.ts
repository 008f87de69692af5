import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** The pages that users read, README first. */
export const pages: readonly string[] = [
  'README.md',
  ...globSync(['docs/guides/*.md', 'examples/*/README.md', 'apps/cli/templates/app/README.md'], { cwd: root }).sort(),
]

/** A fenced block. `note` is what follows the language: the file in which the text goes, or how the block is run. */
export interface Block {
  readonly page: string
  readonly line: number
  readonly language: string
  readonly note: string
  readonly text: string
}

export function readBlocks(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```(\w+)(?: ([^\n]+))?\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = '', note = '', body = ''] = match
    return { page, line: text.slice(0, match.index).split('\n').length, language, note, text: body }
  })
}
