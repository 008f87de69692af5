import { childId } from '../../services/run/ids.ts'
import { key, type Tables } from '../../store/memory/tables.ts'
import type { JournalRow, RunId } from '../../store/store.ts'

/** When each message was first sent and when its sender knew of its arrival, as places in the order of all such moments. */
export type Order = Map<string, { readonly run: RunId; readonly sentAt: number; deliveredAt: number | null }>

/** What is wrong with all that was written, now that nothing is added any more. */
export function* checkHistories(tables: Tables, tokens: ReadonlySet<string>, order: Order): Generator<string> {
  for (const rows of tables.journal.values()) {
    yield* checkRows(rows)
    yield* checkEffects(rows, tokens)
    yield* checkSignals(rows, order)
  }
  yield* checkTwins(tables)
  yield* checkFamilies(tables)
}

function* checkRows(rows: readonly JournalRow[]): Generator<string> {
  const answered = new Set<string>()
  let generation = 0
  let cancels = 0
  let at = 0
  for (const row of rows) {
    if (row.at < at) yield `${row.run}: row ${row.seq} is earlier than the one before`
    at = row.at
    if (row.kind === 'generation') {
      generation = row.seq
      cancels = 0
    }
    if (row.kind === 'cancel' && ++cancels > 1) yield `I10: ${row.run} was cancelled twice`
    if (row.kind === 'step' || row.kind === 'sleep' || row.kind === 'signal' || row.kind === 'child') {
      const command = `${generation}:${row.cmd}`
      if (answered.has(command)) yield `I11: ${row.run}: command ${command} is answered twice`
      answered.add(command)
    }
  }
}

const FAILED = /^attempt \d of .* fails$|took longer than/

/** What is recorded of a step is what its body did. */
function* checkEffects(rows: readonly JournalRow[], tokens: ReadonlySet<string>): Generator<string> {
  for (const row of rows) {
    if (row.kind !== 'step' && row.kind !== 'attempt') continue
    if (row.error !== null && !FAILED.test(row.error.message)) yield `${row.run}: a step failed with "${row.error.message}"`
    if (row.kind === 'step' && row.error === null && !tokens.has(JSON.parse(row.output ?? 'null')))
      yield `${row.run}: no body answered ${row.output}`
  }
}

/** Invariant (I8): once, and never after a message of the same name that was sent when this one had arrived. */
function* checkSignals(rows: readonly JournalRow[], order: Order): Generator<string> {
  const received: { readonly name: string; readonly payload: string; readonly sentAt: number }[] = []
  for (const row of rows) {
    if (row.kind !== 'signal' || row.error !== null) continue
    const payload = JSON.parse(row.output ?? '""') as string
    const message = order.get(payload)
    if (message === undefined) yield `I8: ${row.run} received ${payload}, which nobody sent`
    if (received.some((earlier) => earlier.payload === payload)) yield `I8: ${row.run} received ${payload} twice`
    const late = received.find(
      (earlier) => earlier.name === row.name && (message?.deliveredAt ?? Number.POSITIVE_INFINITY) < earlier.sentAt,
    )
    if (late) yield `I8: ${row.run} received ${payload} of "${row.name}" after ${late.payload}, which was sent later`
    received.push({ name: row.name, payload, sentAt: message?.sentAt ?? 0 })
  }
}

/** Invariant (I11): one command starts one child. */
function* checkTwins(tables: Tables): Generator<string> {
  const seen = new Map<string, RunId>()
  for (const { run, parent } of tables.runs.values()) {
    if (parent === null) continue
    const origin = originOf(run)
    const twin = seen.get(origin)
    if (twin !== undefined) yield `I11: command ${parent.cmd} of ${parent.run} started ${twin} and ${run}`
    seen.set(origin, run)
  }
}

/** A child's result as its parent has it is the child's result. */
function* checkFamilies(tables: Tables): Generator<string> {
  const told = new Map<string, JournalRow>()
  for (const rows of tables.journal.values()) {
    let generation = 0
    for (const row of rows) {
      if (row.kind === 'generation') generation = Number(row.name)
      if (row.kind === 'child') told.set(originOf(childId(row.run, generation, row.cmd, 0)), row)
    }
  }
  for (const { org, run, parent } of tables.runs.values()) {
    const result = tables.results.get(key(org, run))
    const row = told.get(originOf(run))
    if (parent === null || result === undefined || row === undefined) continue
    const isSame = result.status === 'succeeded' ? row.output === result.output : row.error !== null
    if (!isSame) yield `${run} ended as ${result.status} ${result.output} and its parent has ${row.output}`
  }
}

/** The time in a child's id is the only part that does not follow from its parent and the command. */
const originOf = (run: RunId): string => run.slice('01234567-0123-'.length)
