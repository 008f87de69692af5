import type { DeliverOutcome, EventRow, OrgId, RunId, RunRow, Store } from '../../store/store.ts'
import type { Json } from '../../workflow/protocol.ts'
import { uuid7 } from '../run/child-id.ts'

/** What the control operations share. */
export interface ControlParts<Tx> {
  readonly store: Store<Tx>
  readonly now: () => number
  readonly random: () => number
  /** After the effect is durable (at once, if the caller has no transaction of its own). */
  readonly told: (run: RunId, outcome: DeliverOutcome, tx: Tx | undefined) => void
}

/** Ten random bytes; seeded in simulations. */
function randomBytes10(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 10 }, () => Math.floor(random() * 256))
}

export function newId(parts: { readonly now: () => number; readonly random: () => number }): string {
  return uuid7(parts.now(), randomBytes10(parts.random))
}

export async function signalRun<Tx>(
  parts: ControlParts<Tx>,
  org: OrgId,
  run: RunId,
  name: string,
  payload: Json,
  id: string | undefined,
  tx?: Tx,
): Promise<DeliverOutcome> {
  const message = { org, run, id: id ?? newId(parts), kind: 'signal', name, payload: JSON.stringify(payload) } as const
  const outcome = await parts.store.deliver(message, tx)
  parts.told(run, outcome, tx)
  return outcome
}

/** A run that no code can go on with (blocked), or that never began, is ended at once; any other is asked, so that its cleanup runs. */
export async function cancelRun<Tx>(
  parts: ControlParts<Tx>,
  org: OrgId,
  run: RunId,
  reason: string,
  terminate: boolean,
  tx?: Tx,
): Promise<DeliverOutcome> {
  const live = await parts.store.live(org, run)
  const neverBegan =
    live !== null &&
    live.nextSeq === 1 &&
    live.crashes === 0 &&
    (live.state === 'gated' || live.state === 'ready' || live.state === 'waiting') &&
    live.waits.length === 0
  if (live !== null && (terminate || live.state === 'blocked' || neverBegan) && (await parts.store.terminate(org, run, reason, tx))) {
    await parts.store.emit([event(org, run, live.workflow, 'run.cancelled', parts.now(), { reason })], tx)
    const outcome: DeliverOutcome = { type: 'delivered', worker: null, queue: live.queue }
    parts.told(run, outcome, tx)
    return outcome
  }
  const outcome = await parts.store.deliver({ org, run, id: newId(parts), kind: 'cancel', reason: reason.replaceAll('\0', '') }, tx)
  parts.told(run, outcome, tx)
  return outcome
}

export async function pauseRun<Tx>(parts: ControlParts<Tx>, org: OrgId, run: RunId, tx?: Tx): Promise<DeliverOutcome> {
  const outcome = await parts.store.setPause(org, run, true, tx)
  parts.told(run, outcome, tx)
  return outcome
}

export async function resumeRun<Tx>(
  parts: ControlParts<Tx>,
  org: OrgId,
  run: RunId,
  version: string | undefined,
  tx?: Tx,
): Promise<DeliverOutcome> {
  const unblocked = await parts.store.unblock(org, run, version ?? null, tx)
  const live = unblocked ? await parts.store.live(org, run) : null
  const outcome: DeliverOutcome = unblocked
    ? { type: 'delivered', worker: null, queue: live?.queue ?? 'default' }
    : await parts.store.setPause(org, run, false, tx)
  if (outcome.type === 'delivered') await parts.store.emit([event(org, run, live?.workflow ?? '', 'run.resumed', parts.now(), {})], tx)
  parts.told(run, outcome, tx)
  return outcome
}

/**
 * A new run with another's history below `beforeSeq`. `retry` keeps the source's idempotency keys: what it already did for the outside
 * world is not done twice.
 */
export async function forkRun<Tx>(
  parts: ControlParts<Tx>,
  source: RunRow,
  beforeSeq: number,
  kind: 'retry' | 'fork',
  options: { readonly edits?: ReadonlyMap<number, Json>; readonly version?: string },
  tx?: Tx,
): Promise<{ readonly run: RunId }> {
  const now = parts.now()
  const run = newId(parts)
  const timeoutMs = source.deadline === null ? null : source.deadline - source.clockAt
  const target: RunRow = {
    ...source,
    run,
    bundle: options.version ?? source.bundle,
    createdAt: now,
    parent: null,
    origin: { kind, run: source.run, seq: beforeSeq },
    keys: kind === 'retry' ? source.keys : run,
    deadline: timeoutMs === null ? null : now + timeoutMs,
  }
  const edits = new Map([...(options.edits ?? [])].map(([cmd, output]) => [cmd, { output: JSON.stringify(output) }]))
  await parts.store.fork({ org: source.org, run: source.run, beforeSeq }, target, edits, tx)
  await parts.store.emit(
    [event(source.org, run, source.workflow, 'run.started', now, { [kind === 'retry' ? 'retryOf' : 'forkOf']: source.run })],
    tx,
  )
  parts.told(run, { type: 'delivered', worker: null, queue: source.queue }, tx)
  return { run }
}

function event(org: OrgId, subject: RunId, workflow: string, type: string, at: number, data: { [key: string]: Json }): EventRow {
  return { org, type, subject, data: JSON.stringify({ workflow, ...data }), at }
}
