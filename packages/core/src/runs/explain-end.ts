/** Why a run has ended as it did, in words: what failed, where, with which input, and what to do next. Pure. */
import type { Json, Run } from '@orrery/contract'
import { toRunId } from '@orrery/kernel'
import { toFailure, toPipelineStep } from './run.ts'
import type { HistoryRow, RunRow } from './run-store.ts'

/** The input of a step is shown up to this length in the sentence, and whole in the facts up to the other. */
const SHOWN_LETTERS = 300
const FACT_LETTERS = 4000

interface Explanation {
  readonly summary: string
  readonly facts: { readonly [key: string]: Json }
}

/** @param failed the last step or child that failed; undefined if none did. @param input that of the run */
export function explainEnd(row: RunRow, error: Run['error'], failed: HistoryRow | undefined, input: Json): Explanation {
  const status = row.status
  if (status === 'succeeded') return { summary: 'The run has ended: succeeded.', facts: {} }
  const runId = toRunId(row.run_id)
  if (status === 'cancelled') return { summary: `The run has ended: cancelled. To do it again: orrery runs retry ${runId}.`, facts: {} }
  // A failure of a step that the workflow has handled is not why the run failed.
  const isCause = failed !== undefined && error !== null && (nameOf(failed) === stepOf(error) || messageOf(failed) === error.message)
  const cause = isCause ? describeStep(failed) : describeRun(error, input)
  const next = toDo(runId, isCause ? failed : undefined)
  const ended = status === 'timed_out' && row.deadline !== null ? `timed out at its deadline, ${row.deadline.toISOString()}` : status
  const parts = [`The run has ended: ${ended}.`, cause.summary, `${next}.`]
  return { summary: parts.filter((part) => part !== '').join(' '), facts: { ...cause.facts, next } }
}

function describeStep(row: HistoryRow): Explanation {
  const { kind, cmd, seq, attempt, input, error } = row
  const name = nameOf(row)
  const failure = toFailure(error)
  const tries = kind === 'step' && attempt > 1 ? ` after ${attempt} attempts` : ''
  const what = kind === 'step' ? `Step "${name}"` : `Child "${name}"`
  const summary = `${what} (cmd ${cmd}) failed${tries}${toPlace(failure)}: ${toText(failure)} Its input: ${cut(input, SHOWN_LETTERS)}.`
  return { summary, facts: { failed: name, kind, cmd, seq, attempt, input: cut(input, FACT_LETTERS), error: failure as Json } }
}

function describeRun(error: Run['error'], input: Json): Explanation {
  if (error === null) return { summary: '', facts: {} }
  const summary = `The workflow failed${toPlace(error)}: ${toText(error)} Its input: ${cut(input, SHOWN_LETTERS)}.`
  return { summary, facts: { input: cut(input, FACT_LETTERS), error: error as Json } }
}

function toDo(runId: string, failed: HistoryRow | undefined): string {
  const again = `Fix the cause and repeat the run from there: orrery runs retry ${runId}`
  return failed?.kind === 'step'
    ? `${again}, or give the step an output: orrery runs edit-step ${runId} ${failed.cmd} --output <JSON>`
    : again
}

/** The first line of the stack that is a place. */
function toPlace(failure: Run['error']): string {
  const place = /\n\s+at (?:.*\()?([^()\n]+:\d+:\d+)\)?/.exec(failure?.stack ?? '')?.[1]
  return place === undefined ? '' : ` at ${place}`
}

function toText(failure: Run['error']): string {
  if (failure === null) return ''
  const text = failure.message === '' ? failure.name : `${failure.name}: ${failure.message}`
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** Pipelines call tools in a step of Orrery's own; the id that their author gave is the better name. */
const nameOf = (row: HistoryRow): string => toPipelineStep(row) ?? row.name

const messageOf = ({ error }: HistoryRow): string | undefined => toFailure(error)?.message

/** The step that a `StepFailedError` or the workflow that a `ChildFailedError` is about. */
function stepOf({ details }: NonNullable<Run['error']>): unknown {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return undefined
  return details.step ?? details.workflow
}

function cut(value: Json, letters: number): string {
  const text = JSON.stringify(value)
  return text.length > letters ? `${text.slice(0, letters).toWellFormed()}…` : text
}
