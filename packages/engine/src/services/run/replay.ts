import type { JournalRow } from '../../store/store.ts'
import type { Activation, Completion, Json, Reaction } from '../../workflow/protocol.ts'
import { activate } from '../bundles/sandbox-cache.ts'
import { toError } from '../observe.ts'
import { type ActiveRun, hasCoroutine, type OpenCommand } from './active-run.ts'
import { type OpenChild, register, startDelivery } from './open-command.ts'

export type Replayed =
  /** The workflow has reached the end of its history. `patches`: markers of its last turn that are not in the history yet. */
  | {
      readonly type: 'ready'
      readonly completion: Completion | null
      readonly patches: readonly string[]
      /** Children that it dropped during the replay. */
      readonly takenBack: readonly OpenChild[]
    }
  /** The code does not issue the commands that the history answers. `reason` is a sentence for people. */
  | { readonly type: 'diverged'; readonly reason: string }
  /** A call into the bundle failed; see BundleHost. */
  | { readonly type: 'failed'; readonly error: Error }
  /** This process has lost the run, or its coroutine, meanwhile. */
  | { readonly type: 'gone' }

/** Kinds of rows that are delivered to the workflow. */
const DELIVERED: ReadonlySet<JournalRow['kind']> = new Set(['step', 'sleep', 'signal', 'child', 'cancel'])

const CHUNK = 100

/**
 * Brings a run's workflow to the end of its history: delivers every row in order, one per activation, and compares each command with the
 * row that answers it (kind, name, input). Has no external effects. Nothing else may act for the run until it is done.
 * Invariant (I12): the same bundle and the same rows produce the same commands.
 */
export async function replay(run: ActiveRun, rows: readonly JournalRow[]): Promise<Replayed> {
  try {
    return await replayRows(run, rows)
  } catch (error) {
    return run.phase.type === 'gone' ? { type: 'gone' } : { type: 'failed', error: toError(error) }
  }
}

async function replayRows(run: ActiveRun, rows: readonly JournalRow[]): Promise<Replayed> {
  const delivered = rows.filter((row) => DELIVERED.has(row.kind))
  const patches = rows.filter((row) => row.kind === 'patch').map((row) => row.name)
  const first = rows[0]
  if (first?.kind === 'generation') {
    run.generation = { number: Number(first.name), base: first.seq, cancelled: null, from: first.seq + 1, idle: 0 }
    run.at = run.clockAt = first.at
  }
  const input = first?.kind === 'generation' ? (first.output ?? 'null') : run.row.input
  const dropped = new Map<number, OpenCommand>()
  const taken: string[] = []
  const total = delivered.length
  const activations: Activation[] = [{ run: run.id, at: run.at, replaying: total > 0, delivery: startDelivery(run, input, patches) }]
  delivered.forEach((row, index) => {
    activations.push({ run: run.id, at: row.at, replaying: index < total - 1, delivery: deliveryOf(row) })
  })
  const next = inChunks(run, activations)
  let completion = take(run, await next(), dropped, taken)
  for (const row of rows) {
    if (run.phase.type === 'gone' || !hasCoroutine(run)) return { type: 'gone' }
    if (row.kind === 'attempt') noteAttempt(run, row)
    if (!DELIVERED.has(row.kind)) continue
    const wrong = mismatch(run, dropped, row)
    // Rows that had not been delivered when the workflow ended answer commands that it had issued. They stay undelivered.
    if (wrong && completion)
      return { type: 'diverged', reason: `The code ended (${completion.type}) where the history continues with ${describe(row)}.` }
    if (wrong) return { type: 'diverged', reason: wrong }
    if (row.kind === 'cancel') run.generation.cancelled = JSON.parse(row.output ?? '""') as string
    if (completion) run.queue.push({ run: run.id, at: row.at, replaying: false, delivery: deliveryOf(row) })
    if (row.kind === 'step') run.progress.steps++
    run.open.delete(row.cmd)
    run.at = run.clockAt = row.at
    completion ??= take(run, await next(), dropped, taken)
  }
  run.seq = (rows.at(-1)?.seq ?? run.seq - 1) + 1
  run.at = Math.max(run.at, rows.at(-1)?.at ?? run.at)
  return { type: 'ready', completion, patches: taken, takenBack: [...dropped.values()].filter((open) => open.type === 'child') }
}

/**
 * Returns what activates the next one. A call into the sandbox costs more than a turn, so rows are delivered by the hundred. Reactions after
 * a divergence are dropped with the run.
 */
function inChunks({ bundle }: ActiveRun, activations: readonly Activation[]): () => Promise<Reaction | undefined> {
  let reactions: readonly Reaction[] = []
  let index = 0
  return async () => {
    const at = index++ % CHUNK
    if (at === 0 && index <= activations.length) reactions = await activate(bundle, activations.slice(index - 1, index - 1 + CHUNK))
    return reactions[at]
  }
}

function take(run: ActiveRun, reaction: Reaction | undefined, dropped: Map<number, OpenCommand>, patches: string[]): Completion | null {
  if (reaction === undefined) return null
  for (const command of reaction.commands) {
    if (command.type === 'drop') {
      const open = run.open.get(command.cmd)
      if (open) dropped.set(command.cmd, open)
      run.open.delete(command.cmd)
    } else if (command.type === 'patch') patches.push(command.id)
    else register(run, command)
  }
  return reaction.completion ?? null
}

function noteAttempt(run: ActiveRun, row: JournalRow): void {
  const open = run.open.get(row.cmd)
  // Rows below the origin's were copied from the run that this one retries or forks. Its own attempts count from one.
  if (open?.type !== 'step' || (run.row.origin && row.seq < run.row.origin.seq)) return
  open.attempt = row.attempt + 1
  open.notBefore = Number(row.output ?? 0)
}

function mismatch(run: ActiveRun, dropped: ReadonlyMap<number, OpenCommand>, row: JournalRow): string | null {
  if (row.kind === 'cancel') return null
  const open = run.open.get(row.cmd) ?? dropped.get(row.cmd)
  if (open === undefined) return `The history has ${describe(row)}, which the code does not ask for.`
  if (open.type !== row.kind || open.name !== row.name)
    return `The history has ${describe(row)}, but the code asks for ${describeOpen(open)} there.`
  if ((row.kind === 'step' || row.kind === 'child') && row.input !== null && open.input !== row.input)
    return `The input of ${describe(row)} differs: the history has ${short(row.input)}, the code has ${short(open.input ?? '')}.`
  return null
}

function deliveryOf(row: JournalRow): Activation['delivery'] {
  if (row.kind === 'cancel') return { type: 'cancel', reason: JSON.parse(row.output ?? '""') as string, timedOut: row.name === 'timeout' }
  if (row.error) return { type: 'reject', cmd: row.cmd, error: row.error }
  return { type: 'resolve', cmd: row.cmd, value: JSON.parse(row.output ?? 'null') as Json }
}

function describe(row: JournalRow): string {
  return `${row.kind}${row.name ? ` "${row.name}"` : ''} (command ${row.cmd}, row ${row.seq})`
}

function describeOpen(open: OpenCommand): string {
  return `${open.type}${open.name ? ` "${open.name}"` : ''}`
}

const short = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}…` : text)
