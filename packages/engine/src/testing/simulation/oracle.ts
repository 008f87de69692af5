import type { Tables } from '../../store/memory/tables.ts'
import { key } from '../../store/memory/tables.ts'
import { violations } from '../../store/memory/violations.ts'
import type { JournalRow, OrgId, RunId } from '../../store/store.ts'
import type { EffectInput } from './program.ts'

/** Watches a simulation and says what should not have been. */
export interface Oracle {
  readonly problems: string[]
  /** A step's body begins. */
  effect(run: RunId, input: EffectInput, idempotencyKey: string): void
  acknowledged(run: RunId): void
  /** A caller was told how a run ended. */
  told(run: RunId, status: string, output: string | null): void
  blocked(run: RunId, reason: string): void
  problem(text: string): void
  /** The invariants of the store, which hold at any moment. */
  glance(): void
  /** Everything is over. */
  verdict(): void
}

const POISON = /workers were lost while they had this run/

export function createOracle(tables: Tables, org: OrgId): Oracle {
  const problems: string[] = []
  const acked = new Set<RunId>()
  const answers = new Map<RunId, string>()
  const keys = new Map<string, string>()
  const problem = (text: string): void => {
    if (problems.length < 20) problems.push(text)
  }
  const rowsOf = (run: RunId): readonly JournalRow[] => tables.journal.get(key(org, run)) ?? []
  const glance = (): void => {
    for (const { invariant, rows } of violations(tables)) problem(`${invariant}: ${rows} rows`)
  }
  return {
    problems,
    problem,
    glance,
    acknowledged: (run) => void acked.add(run),
    effect: (run, input, idempotencyKey) => {
      const rows = rowsOf(run)
      // Invariants (I3) and (I4): what a workflow has seen is in the journal before anything follows from it.
      for (const token of input.seen) {
        if (!rows.some((row) => row.output === JSON.stringify(token))) problem(`I3/I4: ${run} acts on ${token}, which is not durable`)
      }
      const place = `${idempotencyKey} ${run}`
      const before = keys.get(place)
      if (before !== undefined && before !== input.path) problem(`key ${idempotencyKey} stands for ${before} and for ${input.path}`)
      keys.set(place, input.path)
    },
    told: (run, status, output) => {
      const text = `${status} ${output}`
      const before = answers.get(run)
      if (before !== undefined && before !== text) problem(`${run} ended as ${before} and as ${text}`)
      answers.set(run, text)
    },
    blocked: (run, reason) => {
      if (!POISON.test(reason)) problem(`I12: ${run} is blocked: ${reason}`)
    },
    verdict: () => {
      glance()
      for (const run of acked) if (!tables.results.has(key(org, run))) problem(`I1: ${run} was acknowledged and has no result`)
      for (const [run, text] of answers) {
        const result = tables.results.get(key(org, run))
        if (result && `${result.status} ${result.output}` !== text) problem(`${run}: a caller was told ${text}, kept is ${result.status}`)
      }
      for (const rows of tables.journal.values()) checkJournal(rows, problem)
      checkFamilies(tables, problem)
    },
  }
}

function checkJournal(rows: readonly JournalRow[], problem: (text: string) => void): void {
  const answered = new Set<string>()
  const signals = new Map<string, string>()
  let generation = 0
  let cancels = 0
  let at = 0
  for (const row of rows) {
    if (row.at < at) problem(`${row.run}: row ${row.seq} is earlier than the one before`)
    at = row.at
    if (row.kind === 'generation') generation = row.seq
    if (row.kind === 'cancel' && ++cancels > 1) problem(`I10: ${row.run} was cancelled twice`)
    if (row.kind === 'step' || row.kind === 'sleep' || row.kind === 'signal' || row.kind === 'child') {
      const command = `${generation}:${row.cmd}`
      if (answered.has(command)) problem(`I11: ${row.run}: command ${command} is answered twice`)
      answered.add(command)
    }
    if (row.kind === 'signal' && row.output !== null) {
      const last = signals.get(row.name)
      // Payloads rise in the order in which the messages' ids do.
      if (last !== undefined && last >= row.output) problem(`I8: ${row.run} received ${row.output} of "${row.name}" after ${last}`)
      signals.set(row.name, row.output)
    }
  }
}

/** A child's result as its parent has it is the child's result. */
function checkFamilies(tables: Tables, problem: (text: string) => void): void {
  for (const run of tables.runs.values()) {
    const result = tables.results.get(key(run.org, run.run))
    if (run.parent === null || result === undefined) continue
    const rows = tables.journal.get(key(run.org, run.parent.run)) ?? []
    const told = rows.filter((row) => row.kind === 'child' && row.error === null && row.output === result.output)
    const success = result.status === 'succeeded'
    const parent = tables.results.get(key(run.org, run.parent.run))
    if (success && parent?.status === 'succeeded' && told.length === 0 && isAwaited(rows, run.parent.cmd)) {
      problem(`${run.run} succeeded and its parent has another answer`)
    }
  }
}

/** The parent took the child's answer, and not one that had failed before. */
function isAwaited(rows: readonly JournalRow[], cmd: number): boolean {
  return rows.some((row) => row.kind === 'child' && row.cmd === cmd && row.error === null)
}
