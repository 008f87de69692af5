import type { Io } from '../io.ts'
import type { Verb } from '../registry/verb.ts'
import { padEnd, type Shown, shown, shownJson, shownLines } from '../shown.ts'
import { asTyped } from './as-typed.ts'
import { formatLocal, formatWhen } from './format-time.ts'
import { cellText, formatTable, GIVEN, isFailure } from './table.ts'

const VALUE_LENGTH_MAX = 2_000
const PIPELINE_WORKFLOW = 'orrery.pipeline'

/** The columns of long lists, the most important ones first. The others are shown with `--full` and in JSON. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  'audit.list': ['at', 'action', 'subject', 'actorType', 'actor', 'detail', 'requestId'],
  'automations.apply': ['name', 'outcome', 'status', 'nextAt', 'warnings', 'title', 'version'],
  'automations.firings': ['nominalAt', 'outcome', 'cause', 'runId', 'runStatus', 'reason', 'count', 'triggerKey'],
  'automations.list': ['name', 'status', 'nextAt', 'failures', 'title', 'note', 'snoozedUntil'],
  'events.list': ['at', 'type', 'subject', 'data', 'id'],
  'runs.history': ['seq', 'kind', 'name', 'step', 'attempt', 'at', 'error', 'output', 'input', 'cmd'],
  'runs.list': ['id', 'workflow', 'automation', 'status', 'createdAt', 'finishedAt', 'tags', 'parentRunId'],
  'tools.calls': ['startedAt', 'tool', 'outcome', 'tookMs', 'error', 'runId', 'step', 'attempt'],
  'tools.list': ['name', 'kind', 'status', 'description', 'scopes', 'version', 'updatedAt'],
  'workers.list': ['id', 'host', 'pid', 'alive', 'queues', 'slots', 'lastBeatAt', 'startedAt'],
}

export interface AnswerFlags {
  readonly json?: boolean
  readonly full?: boolean
}

/** Prints the answer of an operation for people, or as JSON. */
export function printAnswer(io: Io, verb: Pick<Verb, 'name' | 'rows'>, answer: unknown, flags: AnswerFlags): void {
  if (flags.json === true) {
    io.out(shown`${shownJson(answer)}\n`)
    return
  }
  if (typeof answer !== 'object' || answer === null) {
    io.out(shown`${cellText(answer, { full: true, now: Date.now() })}\n`)
    return
  }
  const fields = answer as Record<string, unknown>
  const rows = verb.rows === undefined ? undefined : fields[verb.rows]
  if (Array.isArray(rows)) printRows(io, verb, rows, fields, flags)
  else printFields(io, fieldsForPeople(io, verb.name, fields))
}

/** What is empty says nothing, unless it is what a user gave or got. The sentence of `why` says what the facts about a failure do, and JSON has them. */
function fieldsForPeople(io: Io, verb: string, fields: Record<string, unknown>): Record<string, unknown> {
  const said = Object.fromEntries(Object.entries(fields).filter(([name, value]) => GIVEN.has(name) || !isEmpty(value)))
  if (verb !== 'runs.why') return Object.keys(said).length > 0 ? said : fields
  const { facts, summary, waits, ...others } = said
  const { error } = (facts ?? {}) as { readonly error?: unknown }
  const rest = error === undefined ? { facts } : { error }
  return {
    ...others,
    summary: asTyped(io, String(summary)),
    ...(waits === undefined ? {} : { waits }),
    ...(facts === undefined ? {} : rest),
  }
}

const isEmpty = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0

function printRows(
  io: Io,
  verb: Pick<Verb, 'name' | 'rows'>,
  rows: readonly Record<string, unknown>[],
  fields: Record<string, unknown>,
  { full = false }: AnswerFlags,
): void {
  const { [verb.rows ?? '']: _, nextCursor, ...rest } = fields
  if (rows.length === 0) io.out(shown`none\n`)
  else {
    const { text, cut, hidden } = formatTable(full ? rows : rows.map((row) => forPeople(verb.name, row)), {
      width: io.columns,
      now: Date.now(),
      columns: COLUMNS[verb.name],
      full,
    })
    io.out(text)
    const notes = [`${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`]
    if (hidden.length > 0) notes.push(`not shown: ${hidden.join(', ')}`)
    if (cut > 0) notes.push(`${cut} long ${cut === 1 ? 'value' : 'values'} cut`)
    if (notes.length > 1) notes.push('--full shows everything')
    io.err(shown`${io.style('dim', notes.join(' · '))}\n`)
    if (!full) printWarnings(io, rows)
  }
  if (Object.keys(rest).length > 0) printFields(io, rest)
  if (typeof nextCursor === 'string') io.err(shown`${io.style('dim', `next page: --cursor ${nextCursor}`)}\n`)
}

/** The row of a table. What it leaves out is in JSON and with `--full`. */
function forPeople(verb: string, { warnings, ...row }: Record<string, unknown>): Record<string, unknown> {
  // The output of a failed attempt is when the next one may begin.
  if (verb === 'runs.history' && row.kind === 'attempt') return { ...row, output: null }
  if (verb.endsWith('.preview')) return withoutRepetition(row)
  if (verb !== 'runs.list') return row
  const { workflow, pipeline, tags, ...others } = row
  return {
    ...others,
    // Pipelines run in a workflow of Orrery's own.
    workflow: workflow === PIPELINE_WORKFLOW ? (pipeline ?? 'pipeline') : workflow,
    // Runs of an automation are tagged with its id, and the automation has a column.
    tags: Array.isArray(tags) ? tags.filter((tag) => !/^aut_/.test(String(tag))) : tags,
  }
}

/** An occurrence whose viewer is in its time zone, and which no jitter delays, has each time twice. */
function withoutRepetition({
  viewerLocal,
  viewerWeekday,
  viewerClocks,
  firesAt,
  ...row
}: Record<string, unknown>): Record<string, unknown> {
  const elsewhere = viewerLocal === row.local ? {} : { viewerLocal, viewerWeekday, viewerClocks }
  return { ...row, ...elsewhere, ...(firesAt === row.at ? {} : { firesAt }) }
}

/** Warnings are there to be read, so they are not cells that may be cut. */
function printWarnings(io: Io, rows: readonly Record<string, unknown>[]): void {
  for (const { name, warnings } of rows)
    for (const warning of Array.isArray(warnings) ? warnings : [])
      io.err(
        shown`${io.style('yellow', 'warning:')} ${name === undefined ? '' : `${name}: `}${cellText(warning, { full: true, now: 0 })}\n`,
      )
}

function printFields(io: Io, fields: Readonly<Record<string, unknown>>): void {
  const width = Math.max(0, ...Object.keys(fields).map((name) => name.length))
  for (const [name, value] of Object.entries(fields)) {
    const label = io.style('dim', padEnd(name, width))
    io.out(shown`${label}  ${formatValue(name, value, width + 2)}\n`)
  }
}

/** A whole value. Lines of JSON are indented below its first one. */
function formatValue(name: string, value: unknown, indent: number): Shown {
  const now = Date.now()
  if (!GIVEN.has(name) && typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value))
    return shown`${formatLocal(value)} (${formatWhen(value, now)})`
  if (isFailure(value)) return formatFailure(value, indent)
  const nested = typeof value === 'object' && value !== null
  const whole = nested ? JSON.stringify(value, null, 2) : cellText(value, { full: true, now })
  const text =
    whole.length <= VALUE_LENGTH_MAX
      ? whole
      : `${whole.slice(0, VALUE_LENGTH_MAX)}… +${whole.length - VALUE_LENGTH_MAX} characters (--json shows all)`
  return nested ? shownLines(text, indent) : shown`${text}`
}

/** An error with its stack, and its other fields as JSON below it. */
function formatFailure({ name, message, stack, ...rest }: { name: string; message: string; stack?: unknown }, indent: number): Shown {
  const text = typeof stack === 'string' && stack.includes(message) ? stack : `${name}: ${message}`
  const more = Object.keys(rest).length === 0 ? '' : `\n${JSON.stringify(rest, null, 2)}`
  return shownLines(text + more, indent)
}
