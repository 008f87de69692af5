import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { type Io, UsageError } from '../io.ts'

export interface Document {
  /** For messages: the file name, and the number of the document if there are several. */
  readonly label: string
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * Reads the documents of a file, or of standard input for `-`: YAML documents separated by `---`, or JSON, where a list is
 * several documents.
 */
export async function readDocuments(path: string, io: Io): Promise<readonly Document[]> {
  const name = path === '-' ? 'standard input' : path
  const values = (await parseDocuments(await readSource(path, name, io), name)).flat()
  if (values.length === 0) throw new UsageError(`${name}: the file contains no document`)
  return values.map((value, at) => {
    const label = values.length === 1 ? name : `${name}, document ${at + 1}`
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageError(`${label}: expected an object`)
    return { label, fields: value as Record<string, unknown> }
  })
}

/** Parses one value: as YAML if the file name ends in .yaml or .yml, otherwise as JSON. */
export async function parseValue(text: string, path: string): Promise<unknown> {
  if (!isYaml(path)) return JSON.parse(withoutMark(text))
  const [value, ...more] = await parseYaml(text)
  if (more.length > 0) throw new SyntaxError('the file contains several documents')
  return value
}

export const isYaml = (path: string): boolean => ['.yaml', '.yml'].includes(extname(path).toLowerCase())

async function parseDocuments(text: string, name: string): Promise<readonly unknown[]> {
  try {
    // The YAML parser also reads JSON, except for tabs, but the JSON parser reports errors in JSON better.
    return !isYaml(name) && /^\s*[[{]/.test(text) ? [JSON.parse(withoutMark(text))] : await parseYaml(text)
  } catch (error) {
    throw new UsageError(`${name}: ${error instanceof Error ? error.message.trim() : error}`)
  }
}

/** Skips documents that contain only comments. */
async function parseYaml(text: string): Promise<readonly unknown[]> {
  const { parseAllDocuments } = await import('yaml')
  const documents = [...parseAllDocuments(text)]
  // Warnings are errors here: for an unknown tag, the parser only warns and returns a value that the author did not mean.
  for (const { errors, warnings } of documents) for (const problem of [...errors, ...warnings]) throw problem
  const values = documents.map((document) => document.toJS() as unknown).filter((value) => value !== null)
  for (const value of values) requireJson(value, [], [])
  return values
}

/** Refuses values that YAML has and JSON does not: JSON.stringify would change them or fail. */
function requireJson(value: unknown, path: readonly string[], around: readonly unknown[]): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new SyntaxError(`${path.join('.')}: ${value} is not a JSON number`)
  if (typeof value !== 'object' || value === null) return
  if (around.includes(value)) throw new SyntaxError(`${path.join('.')}: an alias refers to a value that contains it`)
  for (const [name, inner] of Object.entries(value)) requireJson(inner, [...path, name], [...around, value])
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
