import { childId } from '../../services/run/ids.ts'
import { key, type Tables } from '../../store/memory/tables.ts'
import type { JournalRow, RunId } from '../../store/store.ts'
import { ATTEMPTS_MAX, type Program } from './program.ts'

export interface SentMessage {
  readonly run: RunId
  readonly name: string
  readonly payload: string
  /** When the message was first sent, and when its sender learned of its arrival, as positions in the order of all such events. */
  readonly sentAt: number
  deliveredAt: number | null
}

/** All messages, by payload. */
export type Order = Map<string, SentMessage>

export const isReceipt = (row: JournalRow): boolean => row.kind === 'signal' && row.error === null
export const payloadOf = (row: JournalRow): string => JSON.parse(row.output ?? '""') as string

/** The problems in all histories, once nothing is added to them any more. */
export function* checkHistories(tables: Tables, tokens: ReadonlySet<string>, order: Order): Generator<string> {
  const sent = Map.groupBy(order.values(), ({ run }) => run)
  for (const rows of tables.journal.values()) {
    const first = rows[0]
    if (first === undefined) continue
    yield* checkRows(rows)
    yield* checkAttempts(rows, tables.runs.get(key(first.org, first.run))?.origin?.seq ?? 1)
    yield* checkEffects(rows, tokens)
    yield* checkSignals(rows, order)
    yield* checkMissed(rows, sent.get(first.run) ?? [])
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
    if (row.at < at) yield `${row.run}: row ${row.seq} has an earlier time than the row before it`
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

/**
 * Attempts of a step are numbered 1, 2, 3 … in the journal, even when workers were lost in between, and do not exceed the allowed number.
 * Rows of a retry or a fork below `own` are copies, whose attempts do not count.
 */
function* checkAttempts(rows: readonly JournalRow[], own: number): Generator<string> {
  const failed = new Map<string, number>()
  let generation = 0
  for (const row of rows) {
    if (row.kind === 'generation') generation = row.seq
    if (row.kind !== 'attempt' && row.kind !== 'step') continue
    if (row.seq < own) continue
    const command = `${generation}:${row.cmd}`
    const attempt = (failed.get(command) ?? 0) + 1
    if (row.attempt !== attempt || attempt > ATTEMPTS_MAX)
      yield `${row.run}: row ${row.seq} is attempt ${row.attempt}, and should be ${attempt}`
    if (row.kind === 'attempt') failed.set(command, attempt)
  }
}

const FAILED = /^attempt \d of .* fails$|took longer than/

/** The recorded outcomes of steps are those of their bodies. */
function* checkEffects(rows: readonly JournalRow[], tokens: ReadonlySet<string>): Generator<string> {
  for (const row of rows) {
    if (row.kind !== 'step' && row.kind !== 'attempt') continue
    if (row.error !== null && !FAILED.test(row.error.message)) yield `${row.run}: a step failed with "${row.error.message}"`
    if (row.kind === 'step' && row.error === null && !tokens.has(JSON.parse(row.output ?? 'null')))
      yield `${row.run}: no body returned ${row.output}`
  }
}

/** Invariant (I8): a message is received once, and never after another of the same name that was sent when this one had arrived. */
function* checkSignals(rows: readonly JournalRow[], order: Order): Generator<string> {
  const received: { readonly name: string; readonly payload: string; readonly sentAt: number }[] = []
  for (const row of rows) {
    if (!isReceipt(row)) continue
    const payload = payloadOf(row)
    const message = order.get(payload)
    if (message === undefined) yield `I8: ${row.run} received ${payload}, which was never sent`
    if (received.some((earlier) => earlier.payload === payload)) yield `I8: ${row.run} received ${payload} twice`
    const late = received.find(
      (earlier) => earlier.name === row.name && (message?.deliveredAt ?? Number.POSITIVE_INFINITY) < earlier.sentAt,
    )
    if (late) yield `I8: ${row.run} received ${payload} of "${row.name}" after ${late.payload}, which was sent later`
    received.push({ name: row.name, payload, sentAt: message?.sentAt ?? 0 })
  }
}

/** Invariant (I8): no message is lost. If a message is received, so is every message of its name that had arrived when it was sent. */
function* checkMissed(rows: readonly JournalRow[], sent: readonly SentMessage[]): Generator<string> {
  const received = new Set(rows.filter(isReceipt).map(payloadOf))
  for (const missed of sent.filter(({ payload, deliveredAt }) => deliveredAt !== null && !received.has(payload))) {
    const later = sent.find(
      ({ name, payload, sentAt }) => name === missed.name && sentAt > (missed.deliveredAt ?? 0) && received.has(payload),
    )
    if (later) yield `I8: ${missed.run} received ${later.payload} of "${missed.name}" and never ${missed.payload}, which came before`
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

/**
 * A parent's record of a child has the child's own input and result. A child with `parentClose: abandon` is not cancelled with its parent.
 */
function* checkFamilies(tables: Tables): Generator<string> {
  const recorded = new Map<string, JournalRow>()
  for (const rows of tables.journal.values()) {
    let generation = 0
    for (const row of rows) {
      if (row.kind === 'generation') generation = Number(row.name)
      if (row.kind === 'child') recorded.set(originOf(childId(row.run, generation, row.cmd, 0)), row)
    }
  }
  for (const { org, run, workflow, input, parent } of tables.runs.values()) {
    if (parent === null) continue
    // A pending debounced run takes the input of a later start.
    const isOwn = workflow !== 'settled'
    const { close } = JSON.parse(input) as Program
    const reasons = (tables.journal.get(key(org, run)) ?? []).filter(({ kind }) => kind === 'cancel').map(payloadOf)
    if (isOwn && close === 'abandon' && reasons.includes('its parent ended')) yield `${run} has parentClose abandon and was cancelled`
    const result = tables.results.get(key(org, run))
    const row = recorded.get(originOf(run))
    if (result === undefined || row === undefined) continue
    if (isOwn && row.input !== input) yield `${run} was given ${input} and its parent has ${row.input}`
    const isSame = result.status === 'succeeded' ? row.output === result.output : row.error !== null
    if (!isSame) yield `${run} ended as ${result.status} ${result.output} and its parent has ${row.output}`
  }
}

/** The part of a child's id that follows from its parent and command, without the time. */
const originOf = (run: RunId): string => run.slice('01234567-0123-'.length)
