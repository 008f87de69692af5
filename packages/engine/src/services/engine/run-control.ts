import type { ResumeOutcome, RunChanges } from '../../api.ts'
import type { DeliverOutcome, EventRow, FinalStatus, JournalRow, OrgId, RunId, RunRow, Store } from '../../store/store.ts'
import { newUuid } from '../../uuid.ts'
import { toJsonText } from '../../workflow/json.ts'
import type { Json, Manifest } from '../../workflow/protocol.ts'

/**
 * Shared by the control operations. With `tx` they are part of the caller's transaction, and the caller announces their effects after its
 * commit.
 */
export interface ControlParts<Tx> {
  readonly store: Store<Tx>
  readonly now: () => number
  readonly random: () => number
  readonly isInternal: (workflow: string) => boolean
  /** Notifies the processes concerned. Called once the effect is durable. */
  readonly announce: (run: RunId, outcome: DeliverOutcome) => void
}

/** A workflow that only the host starts was to be deployed, or a run of one was to continue in a bundle that is not the host's. */
export class InternalWorkflow extends Error {
  override readonly name = 'InternalWorkflow'

  constructor(workflow: string) {
    super(`${workflow} is a workflow of the host itself`)
  }
}

/** A bundle of the host has internal workflows only, and `deploy` refuses such bundles. @throws InternalWorkflow */
async function requireMovable<Tx>({ store, isInternal }: ControlParts<Tx>, org: OrgId, workflow: string, version: string): Promise<void> {
  if (!isInternal(workflow)) return
  const bundle = await store.bundle(org, version)
  const { workflows } = JSON.parse(bundle?.manifest ?? '{"workflows":[]}') as Pick<Manifest, 'workflows'>
  if (workflows.length === 0 || workflows.some(({ name }) => !isInternal(name))) throw new InternalWorkflow(workflow)
}

function done<Tx>(parts: ControlParts<Tx>, run: RunId, outcome: DeliverOutcome, tx: Tx | undefined): DeliverOutcome {
  if (tx === undefined) parts.announce(run, outcome)
  return outcome
}

export async function signalRun<Tx>(
  parts: ControlParts<Tx>,
  signal: { readonly org: OrgId; readonly run: RunId; readonly name: string; readonly payload: Json; readonly id: string | undefined },
  tx?: Tx,
): Promise<DeliverOutcome> {
  const { org, run, name, id = newUuid(parts.now(), parts.random) } = signal
  const message = { org, run, id, kind: 'signal', name, payload: toJsonText(signal.payload, `payload of signal ${name}`) } as const
  return done(parts, run, await parts.store.deliver(message, tx), tx)
}

/** Asks a run to stop, so that its cleanup runs; with `terminate` without it. The store ends at once a run that needs no worker for that. */
export async function cancelRun<Tx>(
  parts: ControlParts<Tx>,
  { org, run, reason, terminate }: { readonly org: OrgId; readonly run: RunId; readonly reason: string; readonly terminate: boolean },
  tx?: Tx,
): Promise<DeliverOutcome> {
  const { store } = parts
  const kind = terminate ? 'terminate' : 'cancel'
  const message = { org, run, id: newUuid(parts.now(), parts.random), kind, reason: reason.replaceAll('\0', '') } as const
  return done(parts, run, await store.deliver(message, tx), tx)
}

export async function pauseRun<Tx>(parts: ControlParts<Tx>, org: OrgId, run: RunId, tx?: Tx): Promise<DeliverOutcome> {
  return done(parts, run, await parts.store.setPause(org, run, true, tx), tx)
}

export async function resumeRun<Tx>(
  parts: ControlParts<Tx>,
  org: OrgId,
  run: RunId,
  version: string | null,
  tx?: Tx,
): Promise<ResumeOutcome> {
  const { store } = parts
  if (version !== null) await requireMovable(parts, org, (await store.run(org, run))?.workflow ?? '', version)
  const live = await store.live(org, run)
  const continued = await store.unblock(org, run, version, tx)
  if (!continued && version !== null && live !== null) return { type: 'not_stopped' }
  const outcome: DeliverOutcome = continued
    ? { type: 'delivered', worker: null, queue: live?.queue ?? 'default' }
    : await store.setPause(org, run, false, tx)
  if (outcome.type === 'delivered') await store.emit([event(org, run, live?.workflow ?? '', 'run.resumed', parts.now(), {})], tx)
  return done(parts, run, outcome, tx)
}

/** A new run that repeats a finished one from where it failed or was stopped. Null: the run has not ended or does not exist. */
export async function retryRun<Tx>(
  parts: ControlParts<Tx>,
  org: OrgId,
  run: RunId,
  changes: RunChanges,
  tx?: Tx,
): Promise<{ readonly run: RunId } | null> {
  const { store } = parts
  // The order matters: until a run begins, another start with its debounce key may replace its input, and the rows to copy belong to the
  // last input.
  const result = await store.result(org, run)
  if (result === null) return null
  const source = await store.run(org, run)
  if (source === null) return null
  const rows = await store.history(org, run, 0)
  return copyRun(parts, source, beforeFailure(rows, result.status, changes), 'retry', changes, tx)
}

/** The first row that is not copied: the request to stop that ended the run, else its last failed step. */
function beforeFailure(rows: readonly JournalRow[], status: FinalStatus, { edits }: RunChanges): number {
  const stop = rows.findLast(({ kind }) => kind === 'cancel' || kind === 'generation')
  if (stop?.kind === 'cancel' && (status === 'cancelled' || status === 'timed_out')) return stop.seq
  const failed = rows.findLast((row) => (row.kind === 'step' || row.kind === 'child') && row.error !== null)
  if (failed === undefined) return (rows.at(-1)?.seq ?? 0) + 1
  return failed.seq + (edits?.has(failed.cmd) ? 1 : 0)
}

/** A new run with another run's history below row `fromSeq`, or all of it if it is shorter. Null: there is no such run. */
export async function forkFrom<Tx>(
  parts: ControlParts<Tx>,
  { org, run, fromSeq }: { readonly org: OrgId; readonly run: RunId; readonly fromSeq: number },
  changes: RunChanges,
  tx?: Tx,
): Promise<{ readonly run: RunId } | null> {
  // The order matters here too: a run without rows may still get another input, and the rows of that input must not be combined with the
  // input read here.
  const rows = await parts.store.history(org, run, 0)
  const source = await parts.store.run(org, run)
  return source === null ? null : copyRun(parts, source, Math.min(fromSeq, rows.length + 1), 'fork', changes, tx)
}

/** `retry` keeps the source's idempotency keys, so that effects that the source has already had are not repeated. */
async function copyRun<Tx>(
  parts: ControlParts<Tx>,
  source: RunRow,
  beforeSeq: number,
  kind: 'retry' | 'fork',
  changes: RunChanges,
  tx?: Tx,
): Promise<{ readonly run: RunId } | null> {
  if (changes.version !== undefined) await requireMovable(parts, source.org, source.workflow, changes.version)
  const now = parts.now()
  const run = newUuid(parts.now(), parts.random)
  const timeoutMs = source.deadline === null ? null : source.deadline - source.clockAt
  const target: RunRow = {
    ...source,
    run,
    bundle: changes.version ?? source.bundle,
    createdAt: now,
    parent: null,
    origin: { kind, run: source.run, seq: beforeSeq },
    keys: kind === 'retry' ? source.keys : run,
    deadline: timeoutMs === null ? null : now + timeoutMs,
  }
  const edits = new Map(
    [...(changes.edits ?? [])].map(([cmd, output]) => [cmd, { output: toJsonText(output, `edited output of command ${cmd}`) }]),
  )
  if (!(await parts.store.fork({ org: source.org, run: source.run, beforeSeq }, target, edits, tx))) return null
  const data = { [kind === 'retry' ? 'retryOf' : 'forkOf']: source.run }
  await parts.store.emit([event(source.org, run, source.workflow, 'run.started', now, data)], tx)
  done(parts, run, { type: 'delivered', worker: null, queue: source.queue }, tx)
  return { run }
}

function event(org: OrgId, subject: RunId, workflow: string, type: string, at: number, data: { [key: string]: Json }): EventRow {
  return { org, type, subject, data: JSON.stringify({ workflow, ...data }), at }
}
