import type { Operation } from '@orrery/contract'
import { type Command, Option } from 'commander'
import { type ConnectionFlags, connect } from '../connection.ts'
import type { Io } from '../io.ts'
import { printAnswer } from '../output/print-answer.ts'
import { type Field, fieldsOf } from './field.ts'
import { readValue } from './read-value.ts'

/** What a command does after the answer has been printed. */
export type AfterAnswer = (answer: unknown, flags: CommonFlags & Readonly<Record<string, unknown>>) => Promise<void>

export interface CommonFlags extends ConnectionFlags {
  readonly json?: boolean
}

/** The command of one operation: its places and flags come from the shape of its input, its help from its words. */
export function deriveVerb(root: Command, io: Io, operation: Operation, after?: AfterAnswer): Command | null {
  if (operation.cli === undefined) return null
  const command = makeCommand(root, operation.cli.verb).summary(operation.summary).description(describe(operation))
  const fields = fieldsOf(operation)
  const places = (operation.cli.positionals ?? []).flatMap((name) => fields.filter((field) => field.name === name))
  for (const field of places) command.argument(field.required ? `<${field.name}>` : `[${field.name}]`, placeHelp(field))
  const flags = fields.filter((field) => !field.positional)
  for (const field of flags) command.addOption(optionFor(field))
  addCommonFlags(command)

  return command.action(async (...given: unknown[]) => {
    const options = command.opts<CommonFlags & Record<string, unknown>>()
    const input: Record<string, unknown> = {}
    for (const [at, field] of places.entries()) {
      if (given[at] !== undefined) input[field.name] = await readValue(field, given[at] as string, io)
    }
    for (const field of flags) {
      const value = options[optionFor(field).attributeName()]
      if (value !== undefined) input[field.name] = await readValue(field, value as string | boolean | string[], io)
    }
    const answer = await connect(io, options).call(operation, input, { signal: io.signal })
    printAnswer(io, operation, answer, options.json === true)
    await after?.(answer, options)
  })
}

/** `runs edit-step` becomes a command in a group; the group is made when its first verb is. */
export function makeCommand(root: Command, verb: string): Command {
  const words = verb.split(' ')
  return words.reduce((parent, word) => parent.commands.find((one) => one.name() === word) ?? parent.command(word), root)
}

export function addCommonFlags(command: Command): Command {
  return command
    .option('--json', 'print the answer as JSON')
    .option('--server <url>', 'address of the server (or ORRERY_URL)')
    .option('--api-key <key>', 'API key (better: ORRERY_KEY, so that no process list shows it)')
}

function optionFor(field: Field): Option {
  const { form, flag } = field
  const option = new Option(form.kind === 'switch' ? `--${flag}` : `--${flag} <${hint(field)}>`, helpOf(field))
  if (form.kind === 'list') option.argParser((word: string, before: string[] | undefined) => [...(before ?? []), word])
  if (form.kind === 'choice') option.choices([...form.choices])
  return field.required ? option.makeOptionMandatory() : option
}

function hint({ form, name }: Field): string {
  switch (form.kind) {
    case 'json':
      return 'json|@file'
    case 'number':
      return 'number'
    case 'list':
      return form.item.kind === 'json' ? 'json|@file' : 'value'
    case 'choice':
      return 'word'
    case 'text':
    case 'switch':
      return /(At|since|until)$/i.test(name) ? 'time' : 'text'
  }
}

function helpOf(field: Field): string {
  const notes = [field.description]
  if (field.form.kind === 'list')
    notes.push(field.form.item.kind === 'choice' ? `Repeatable; ${field.form.item.choices.join(', ')}.` : 'Repeatable.')
  if (field.fallback !== undefined && field.fallback !== null && field.form.kind !== 'switch')
    notes.push(`Default ${JSON.stringify(field.fallback)}.`)
  return notes.filter((note) => note !== '').join(' ')
}

function placeHelp(field: Field): string {
  return field.form.kind === 'choice' ? `${field.description} ${field.form.choices.join(', ')}`.trim() : field.description
}

function describe(operation: Operation): string {
  const more = operation.description === undefined ? '' : `\n\n${operation.description}`
  const need = operation.permission === 'public' ? 'no key' : operation.permission
  return `${operation.summary}.${more}\n\nOperation ${operation.name}, needs ${need}.`
}
