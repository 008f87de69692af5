import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { type Io, UsageError } from '../io.ts'

export interface Document {
  /** For messages: the file, and which of its documents if there are several. */
  readonly label: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** The documents of a file, or of standard input for `-`: YAML with `---` between them, or JSON, of which a list is several. */
export async function readDocuments(path: string, io: Io): Promise<readonly Document[]> {
  const name = path === '-' ? 'standard input' : path
  const values = (await parseDocuments(await readSource(path, name, io), name)).flat()
  if (values.length === 0) throw new UsageError(`${name}: there is nothing in it`)
  return values.map((value, at) => {
    const label = values.length === 1 ? name : `${name}, document ${at + 1}`
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageError(`${label}: expected an object`)
    return { label, fields: value as Record<string, unknown> }
  })
}

/** One value: YAML if the name of the file says so, otherwise JSON. */
export async function parseValue(text: string, path: string): Promise<unknown> {
  if (!isYaml(path)) return JSON.parse(withoutMark(text))
  const [value, ...more] = await parseYaml(text)
  if (more.length > 0) throw new SyntaxError('there are several documents in it')
  return value
}

export const isYaml = (path: string): boolean => ['.yaml', '.yml'].includes(extname(path).toLowerCase())

async function parseDocuments(text: string, name: string): Promise<readonly unknown[]> {
  try {
    // JSON is YAML, all but its tabs; and what a JSON parser says about JSON is to the point.
    return !isYaml(name) && /^\s*[[{]/.test(text) ? [JSON.parse(withoutMark(text))] : await parseYaml(text)
  } catch (error) {
    throw new UsageError(`${name}: ${error instanceof Error ? error.message.trim() : error}`)
  }
}

/** Documents of nothing but comments are left out. */
async function parseYaml(text: string): Promise<readonly unknown[]> {
  const { parseAllDocuments } = await import('yaml')
  const documents = [...parseAllDocuments(text)]
  // A tag that nobody knows is only warned of, and its value would be another one than was meant.
  for (const { errors, warnings } of documents) for (const problem of [...errors, ...warnings]) throw problem
  const values = documents.map((document) => document.toJS() as unknown).filter((value) => value !== null)
  for (const value of values) refuseOther(value, [], [])
  return values
}

/** What YAML can say and JSON cannot would arrive as something else, or not at all. */
function refuseOther(value: unknown, path: readonly string[], around: readonly unknown[]): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new SyntaxError(`${path.join('.')}: ${value} is no number of JSON`)
  if (typeof value !== 'object' || value === null) return
  if (around.includes(value)) throw new SyntaxError(`${path.join('.')}: an alias stands for what it lies in`)
  for (const [name, inner] of Object.entries(value)) refuseOther(inner, [...path, name], [...around, value])
}

/** The byte order mark, which some editors put before everything. The parser of YAML passes over it by itself. */
const withoutMark = (text: string): string => text.replace(/^\ufeff/, '')

async function readSource(path: string, name: string, io: Io): Promise<string> {
  if (path === '-') return io.readStdin()
  try {
    return await readFile(resolve(io.cwd, path), 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read ${name}: ${error instanceof Error ? error.message : error}`)
  }
}
