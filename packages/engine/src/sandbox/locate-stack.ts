import { SourceMap, type SourceMapping } from 'node:module'
import { BUNDLE_FILE, insertsOf } from './compile-bundle.ts'

/** Kept, because errors of one bundle come together. */
const LOCATORS_MAX = 8
/** A larger map takes too long to read while other runs wait. */
const MAP_CHARS_MAX = 1_000_000
const PATH_CHARS_MAX = 200

const FRAME = new RegExp(`^ +at (?:(.+) \\()?${BUNDLE_FILE.replaceAll('.', '\\.')}:(\\d+):(\\d+)\\)?$`)
/** Modules of the machine that drives workflows. */
const OWN = /^@orrery\/(?:engine|recurrence|sdk)(?:@[^/]+)?\//

type Locate = (line: number, column: number) => string | null
/** By source map. Files of other code may have the same one. */
const locators = new Map<string, { readonly code: string; readonly locate: Locate }>()

/** Whether a stack has places in a bundle, which `locateStack` can translate. */
export const isPlaced = (stack: string): boolean => stack.split('\n').some((line) => FRAME.test(line))

/**
 * A stack of workflow code, with the author's files and lines: frames of the bundle that come from the project or its packages. Other frames
 * carry no information about the workflow. Unchanged if it has none of the bundle. Never throws.
 * @param map the bundle's source map (ECMA-426). It may come from a stranger
 */
export function locateStack(stack: string, code: string, map: string): string {
  const lines = stack.split('\n')
  if (map.length > MAP_CHARS_MAX || !isPlaced(stack)) return stack
  try {
    const locate = locatorOf(code, map)
    return lines.flatMap((line) => locateLine(line, locate)).join('\n')
  } catch {
    // The map is not one. The places in the bundle are better than none.
    return stack
  }
}

function locateLine(line: string, locate: Locate): string[] {
  const [isFrame, name, row, column] = FRAME.exec(line) ?? []
  if (isFrame === undefined) return /^ +at /.test(line) ? [] : [line]
  const place = locate(Number(row), Number(column))
  if (place === null) return []
  return [name === undefined ? `    at ${place}` : `    at ${name} (${place})`]
}

function locatorOf(code: string, map: string): Locate {
  const known = locators.get(map)
  if (known?.code === code) return known.locate
  const [oldest] = locators.keys()
  if (locators.size >= LOCATORS_MAX && oldest !== undefined) locators.delete(oldest)
  const locate = makeLocator(code, map)
  locators.set(map, { code, locate })
  return locate
}

function makeLocator(code: string, map: string): Locate {
  const read = new SourceMap(JSON.parse(map))
  const inserts = insertsOf(code)
  const starts = [0, ...[...code.matchAll(/\n/g)].map(({ index }) => index + 1)]
  return (line, column) => {
    const start = starts[line - 1] ?? 0
    const end = starts[line] ?? code.length
    // The sandbox counts the iterations of loops, which moves what follows on the line.
    let moved = 0
    for (const { at, text } of inserts) if (at >= start && at < end && at - start + moved + text.length <= column - 1) moved += text.length
    const found = read.findEntry(line - 1, column - 1 - moved) as Partial<SourceMapping>
    const source = found.originalSource?.replace(/^orrery:/, '')
    if (source === undefined || found.originalLine === undefined || OWN.test(source)) return null
    return `${source.slice(0, PATH_CHARS_MAX)}:${found.originalLine + 1}:${(found.originalColumn ?? 0) + 1}`
  }
}
