import type { Client } from '@orrery/client'
import { type Command, Option } from 'commander'
import { type ConnectionFlags, connect } from '../connection.ts'
import { type Io, UsageError } from '../io.ts'
import { type AnswerFlags, printAnswer } from '../output/print-answer.ts'
import type { Field, Verb } from '../registry/verb.ts'
import { callEach } from './call-each.ts'
import { readDocuments } from './read-documents.ts'
import { readValue } from './read-value.ts'
import { resolveId } from './resolve-id.ts'
import { orSuggest } from './suggest-name.ts'

export type Flags = CommonFlags & Readonly<Record<string, unknown>>

/** What is special about a command. Most commands only print the answer. */
export interface Special {
  /** Fields of the input that the command itself sets. */
  readonly fixed?: Readonly<Record<string, unknown>>
  /** Prints the answer instead of a table or a list of fields. */
  readonly print?: (answer: unknown, flags: Flags, call: Call) => Promise<void> | void
  /** What a command does after it has printed the answer. */
  readonly after?: (answer: unknown, flags: Flags) => Promise<void> | void
}

/** The call that was answered, for those that continue it. */
export interface Call {
  readonly client: Client
  readonly input: Readonly<Record<string, unknown>>
}

export interface CommonFlags extends ConnectionFlags, AnswerFlags {}

/** Adds the command of one operation. */
export function deriveVerb(root: Command, io: Io, verb: Verb, { fixed = {}, print, after }: Special = {}): Command {
  const command = makeCommand(root, verb.verb).summary(verb.summary).description(describe(verb))
  const { fields } = verb
  const places = fields.filter((field) => field.positional)
  const flags = fields.filter((field) => !field.positional)
  const takesFile = isDocument(verb)
  // If the input may come from a file, required fields are checked after the file was read.
  for (const field of places) command.argument(field.required && !takesFile ? `<${field.name}>` : `[${field.name}]`, placeHelp(field))
  for (const field of flags) command.addOption(optionFor(field).makeOptionMandatory(field.required && !takesFile))
  if (takesFile) command.option('-f, --file <path>', FILE_HELP)
  if (verb.rows !== undefined) command.option('--full', 'show every column, whole ids and exact times')
  addCommonFlags(command)

  return command.action(async (...words: unknown[]) => {
    const options = command.opts<CommonFlags & Record<string, unknown>>()
    const given: Record<string, unknown> = { ...fixed }
    for (const [at, field] of places.entries()) {
      if (words[at] !== undefined) given[field.name] = await readValue(field, words[at] as string, io)
    }
    for (const field of flags) {
      const value = options[optionFor(field).attributeName()]
      if (value !== undefined) given[field.name] = await readValue(field, value as string | boolean | string[], io)
    }
    const client = await connect(io, options)
    for (const [name, value] of Object.entries(given)) given[name] = await resolveId(io, client, name, value)
    if (takesFile && typeof options.file === 'string') {
      const rounded = fields.filter(({ isRounded }) => isRounded).map(({ name }) => name)
      const read = await readDocuments(options.file, io, rounded)
      const documents = read.map(({ label, fields: own }) => ({ label, fields: { ...own, ...given } }))
      for (const { label, fields: input } of documents) requireAll(fields, input, `${label}: `)
      for (const answer of await callEach(io, client, verb, documents, options)) await after?.(answer, options)
      return
    }
    requireAll(fields, given, '')
    const ask = () => client.call(verb, given, { signal: io.signal })
    // A program that reads JSON gets the error alone, without a second request.
    const answer = options.json === true ? await ask() : await orSuggest(io, client, given, ask)
    if (print === undefined) printAnswer(io, verb, answer, options)
    else await print(answer, options, { client, input: given })
    await after?.(answer, options)
  })
}

const FILE_HELP = 'YAML or JSON file, or - for standard input. Each document is one input; arguments and flags override its fields'

/** The input of a PUT is a whole document, so it may be read from a file. */
function isDocument({ http }: Verb): boolean {
  return http.method === 'PUT'
}

/** Checks required fields. Commander checks them itself for commands that take no file. */
function requireAll(fields: readonly Field[], input: Readonly<Record<string, unknown>>, label: string): void {
  const missing = fields.find((field) => field.required && input[field.name] === undefined)
  if (missing === undefined) return
  const what = missing.positional ? `argument '${missing.name}'` : `option '--${missing.flag}'`
  throw new UsageError(`${label}missing required ${label === '' ? what : `field '${missing.name}'`}`)
}

/** Adds the command `runs edit-step` to the group `runs`, and creates the group if it does not exist. */
export function makeCommand(root: Command, verb: string): Command {
  const words = verb.split(' ')
  return words.reduce((parent, word) => parent.commands.find((one) => one.name() === word) ?? parent.command(word), root)
}

export function addCommonFlags(command: Command): Command {
  return command
    .option('--json', 'print the answer as JSON')
    .option('--server <url>', 'URL of the server (or set ORRERY_URL)')
    .option('--api-key <key>', 'API key (prefer ORRERY_KEY: other users can see flags in the process list)')
    .option('--org <id|name>', 'organization to act in, if you are a member of several (or set ORRERY_ORG)')
}

/** A switch that is not false without its flag says which of both is meant: `--suspended false`. */
function optionFor(field: Field): Option {
  const { form, flag, fallback } = field
  const isBare = form.kind === 'switch' && fallback === false
  const option = new Option(isBare ? `--${flag}` : `--${flag} <${hint(field)}>`, helpOf(field))
  if (form.kind === 'switch' && !isBare) option.choices(['true', 'false'])
  if (form.kind === 'list') option.argParser((word: string, before: string[] | undefined) => [...(before ?? []), word])
  if (form.kind === 'choice') option.choices([...form.choices])
  return option
}

function hint({ form, name }: Field): string {
  switch (form.kind) {
    case 'textOrJson':
      return 'text|json|@file'
    case 'json':
      return 'json|@file'
    case 'number':
      return 'number'
    case 'list':
      return form.item.kind === 'json' ? 'json|@file' : 'value'
    case 'choice':
      return 'word'
    case 'switch':
      return 'true|false'
    case 'text':
      return /(At|since|until)$/i.test(name) ? 'time' : 'text'
  }
}

function helpOf(field: Field): string {
  const notes = [field.description]
  if (field.form.kind === 'list')
    notes.push(field.form.item.kind === 'choice' ? `Repeatable; ${field.form.item.choices.join(', ')}.` : 'Repeatable.')
  if (field.form.kind === 'text' && field.form.isNullable === true) notes.push('`null` removes it.')
  if (field.fallback !== undefined && field.fallback !== null && field.form.kind !== 'switch')
    notes.push(`Default ${JSON.stringify(field.fallback)}.`)
  return notes.filter((note) => note !== '').join(' ')
}

function placeHelp(field: Field): string {
  return field.form.kind === 'choice' ? `${field.description} ${field.form.choices.join(', ')}`.trim() : field.description
}

function describe({ name, summary, description, requires }: Verb): string {
  const more = description === undefined ? '' : `\n\n${description}`
  return `${summary}.${more}\n\nOperation ${name}, requires ${requires}.`
}
