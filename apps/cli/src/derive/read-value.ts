import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Io, UsageError } from '../io.ts'
import type { Field, Form } from '../registry/verb.ts'
import { isYaml, LargeNumberError, parseValue } from './read-documents.ts'

/** Schedules that begin with the sign of a file. A file of such a name is read as `@./hourly`. */
const CRON_NICKNAMES = ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually']

/** Parses the value of a flag or a positional argument. Throws UsageError, which names the flag. */
export async function readValue(field: Field, given: string | boolean | readonly string[], io: Io): Promise<unknown> {
  if (typeof given === 'boolean') return given
  const label = field.positional ? `<${field.name}>` : `--${field.flag}`
  if (field.form.kind !== 'list')
    return readOne(field.form, typeof given === 'string' ? given : (given.at(-1) ?? ''), label, io, field.isRounded)
  const words = typeof given === 'string' ? [given] : given
  const [first] = words
  // The whole list in one word, as JSON or from a file.
  if (words.length === 1 && first !== undefined && /^[[@]/.test(first)) return readJson(first, label, io, field.isRounded === true)
  const { item } = field.form
  return Promise.all(words.map((word) => readOne(item, word, label, io)))
}

function readOne(form: Form, word: string, label: string, io: Io, isRounded = false): Promise<unknown> | unknown {
  switch (form.kind) {
    case 'text':
      return form.isNullable === true && word === 'null' ? null : word
    case 'number':
      return readNumber(word, form.nullable, label)
    case 'switch':
      if (word === 'true' || word === 'false') return word === 'true'
      throw new UsageError(`${label}: expected true or false, got "${word}"`)
    case 'choice':
      if (form.choices.includes(word)) return word
      throw new UsageError(`${label}: expected one of ${form.choices.join(', ')}; got "${word}"`)
    case 'textOrJson':
      return /^[[{"@]/.test(word) && !CRON_NICKNAMES.includes(word) ? readJson(word, label, io, isRounded) : word
    case 'list':
    case 'json':
      return readJson(word, label, io, isRounded)
  }
}

function readNumber(word: string, nullable: boolean, label: string): number | null {
  if (nullable && word === 'null') return null
  const value = Number(word)
  if (word.trim() !== '' && Number.isFinite(value)) return value
  throw new UsageError(`${label}: expected a number${nullable ? ' or null' : ''}, got "${word}"`)
}

/** Reads JSON from the word itself, JSON or YAML from the file after `@`, or JSON from standard input for `@-`. */
async function readJson(word: string, label: string, io: Io, isRounded: boolean): Promise<unknown> {
  const path = word.startsWith('@') ? word.slice(1) : null
  const text = path === null ? word : await readSource(path, label, io)
  try {
    return await parseValue(text, path ?? '', isRounded)
  } catch (error) {
    if (error instanceof LargeNumberError) throw new UsageError(`${label}: ${error.message}`)
    const hint = path === null ? ` (write text as '"${word}"', a file as @${word})` : ''
    throw new UsageError(`${label}: not ${isYaml(path ?? '') ? 'YAML' : 'JSON'}: ${error instanceof Error ? error.message : error}${hint}`)
  }
}

async function readSource(path: string, label: string, io: Io): Promise<string> {
  if (path === '-') return io.readStdin()
  try {
    return await readFile(resolve(io.cwd, path), 'utf8')
  } catch (error) {
    throw new UsageError(`${label}: cannot read ${path}: ${error instanceof Error ? error.message : error}`)
  }
}
