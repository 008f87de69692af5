import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { describeLargeNumber, parseExactJson } from '@orrery/contract/exact-json'
import { type Io, UsageError } from '../io.ts'

export interface Document {
  /** For messages: the file name, and the number of the document if there are several. */
  readonly label: string
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * Reads the documents of a file, or of standard input for `-`: YAML documents separated by `---`, or JSON, where a list is
 * several documents. `rounds`: fields in which numbers may be rounded.
 */
export async function readDocuments(path: string, io: Io, rounds: readonly string[] = []): Promise<readonly Document[]> {
  const name = path === '-' ? 'standard input' : path
  const values = (await parseDocuments(await readSource(path, name, io), name, rounds)).flat()
  if (values.length === 0) throw new UsageError(`${name}: the file contains no document`)
  return values.map((value, at) => {
    const label = values.length === 1 ? name : `${name}, document ${at + 1}`
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageError(`${label}: expected an object`)
    return { label, fields: value as Record<string, unknown> }
  })
}

/** Parses one value: as YAML if the file name ends in .yaml or .yml, otherwise as JSON. */
export async function parseValue(text: string, path: string, isRounded = false): Promise<unknown> {
  if (!isYaml(path)) return isRounded ? JSON.parse(withoutMark(text)) : parseJson(text, [])
  const [value, ...more] = await parseYaml(text, isRounded ? null : [])
  if (more.length > 0) throw new SyntaxError('the file contains several documents')
  return value
}

export const isYaml = (path: string): boolean => ['.yaml', '.yml'].includes(extname(path).toLowerCase())

/** Well-formed JSON with a number that would be changed (docs/decisions/0031-large-numbers.md). */
export class LargeNumberError extends Error {}

/** @throws SyntaxError, LargeNumberError */
function parseJson(text: string, rounds: readonly string[]): unknown {
  const parsed = parseExactJson(withoutMark(text), rounds)
  if (parsed.ok) return parsed.value
  const { message, expected } = describeLargeNumber(parsed.large)
  throw new LargeNumberError(`${parsed.large.path}: ${message}; expected ${expected}`)
}

async function parseDocuments(text: string, name: string, rounds: readonly string[]): Promise<readonly unknown[]> {
  try {
    // The YAML parser also reads JSON, except for tabs, but the JSON parser reports errors in JSON better.
    return !isYaml(name) && /^\s*[[{]/.test(text) ? [parseJson(text, rounds)] : await parseYaml(text, rounds)
  } catch (error) {
    throw new UsageError(`${name}: ${error instanceof Error ? error.message.trim() : error}`)
  }
}

/** Skips documents that contain only comments. @param rounds null: everywhere */
async function parseYaml(text: string, rounds: readonly string[] | null): Promise<readonly unknown[]> {
  const { parseAllDocuments } = await import('yaml')
  const documents = [...parseAllDocuments(text, { intAsBigInt: true })]
  // Warnings are errors here: for an unknown tag, the parser only warns and returns a value that the author did not mean.
  for (const { errors, warnings } of documents) for (const problem of [...errors, ...warnings]) throw problem
  const values = documents.map((document) => document.toJS() as unknown).filter((value) => value !== null)
  return values.map((value) => toJson(value, [], [], rounds))
}

/** Refuses values that YAML has and JSON does not: JSON.stringify would change them or fail. Whole numbers come as bigint. */
function toJson(value: unknown, path: readonly string[], around: readonly unknown[], rounds: readonly string[] | null): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new SyntaxError(`${path.join('.')}: ${value} is not a JSON number`)
  if (typeof value === 'bigint') {
    const isKept = Number.isSafeInteger(Number(value)) || rounds === null || rounds.includes(path[0] ?? '')
    if (isKept) return Number(value)
    const { message, expected } = describeLargeNumber({ path: path.join('.'), digits: String(value) })
    throw new LargeNumberError(`${path.join('.')}: ${message}; expected ${expected}`)
  }
  if (typeof value !== 'object' || value === null) return value
  if (around.includes(value)) throw new SyntaxError(`${path.join('.')}: an alias refers to a value that contains it`)
  const inner = [...around, value]
  if (Array.isArray(value)) return value.map((item, at) => toJson(item, [...path, String(at)], inner, rounds))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toJson(item, [...path, name], inner, rounds)]))
}

/** Removes the byte order mark, which some editors write. The YAML parser skips it itself. */
const withoutMark = (text: string): string => text.replace(/^\ufeff/, '')

async function readSource(path: string, name: string, io: Io): Promise<string> {
  if (path === '-') return io.readStdin()
  try {
    return await readFile(resolve(io.cwd, path), 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read ${name}: ${error instanceof Error ? error.message : error}`)
  }
}
