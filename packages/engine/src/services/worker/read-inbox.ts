import type { ChildMessage, Message } from '../../store/store.ts'
import type { Failure, Json } from '../../workflow/protocol.ts'
import { continueRun, terminate } from '../command/begin-command.ts'
import { acknowledge, bufferSignal } from '../command/signals.ts'
import { toError } from '../observe.ts'
import { type ActiveRun, isLive, isPausing, type OpenCommand, type Outcome } from '../run/active-run.ts'
import { deliverCancel } from '../run/cancel.ts'
import { deliver, rejected, resolved } from '../run/deliver.ts'
import { considerIdle } from '../run/park.ts'
import type { WorkerScope } from '../run/worker-scope.ts'

const RETRY_MS = 200

/** Reads a run's unread messages and acts on them. Called after a poke. Only one read at a time. `next` follows the first read. */
export function readInbox(scope: WorkerScope, run: ActiveRun, next = () => {}): void {
  if (!isLive(run)) return
  if (run.phase.type === 'repeating') {
    run.inbox = 'again'
    return
  }
  if (run.inbox !== 'idle') {
    run.inbox = 'again'
    return
  }
  // A message leaves the inbox with its journal row, so this waits while no row can get a number.
  if (run.held !== null) {
    run.inbox = 'again'
    run.held.push(() => readAgain(scope, run))
    return
  }
  run.inbox = 'reading'
  scope.store.inbox(run.row.org, run.id).then(
    (box) => {
      const isStale = run.inbox === 'again' || run.held !== null
      run.inbox = 'idle'
      if (!isLive(run)) return
      if (box && run.held === null) receiveAll(scope, run, box.wakes, box.pauseRequested, box.messages)
      next()
      if (isStale) readInbox(scope, run)
      else considerIdle(scope, run)
    },
    (error: unknown) => {
      scope.observe({ type: 'trouble', where: 'inbox', error: toError(error) })
      // Not `idle` yet, so that the run is not parked: its `wakes` may count a message that it has not seen, and nothing else would wake
      // it.
      scope.clock.setTimeout(() => readAgain(scope, run, next), RETRY_MS)
    },
  )
}

/** Reads the messages that arrived while the run could not. */
export function readAgain(scope: WorkerScope, run: ActiveRun, next?: () => void): void {
  run.inbox = 'idle'
  readInbox(scope, run, next)
}

/**
 * Continues a run that another worker had, or that was parked, after its messages. If it was cancelled, only what its code still asks for then
 * begins: a body that ends its workers must not begin again.
 */
export function readThenContinue(scope: WorkerScope, run: ActiveRun, pausing: boolean): void {
  run.phase = { type: 'live', pausing, linger: null }
  readAgain(scope, run, () => {
    if (run.phase.type !== 'live') return
    if (run.generation.cancelled === null || run.queue.length === 0) continueRun(scope, run, isPausing(run))
    else run.phase = { type: 'repeating', pausing: isPausing(run) }
  })
}

function receiveAll(scope: WorkerScope, run: ActiveRun, wakes: number, pauseRequested: boolean, messages: readonly Message[]): void {
  run.wakes = wakes
  const unread = new Set(messages.map(({ id }) => id))
  // What is read in the store cannot come again.
  for (const id of run.seen) if (!unread.has(id)) run.seen.delete(id)
  const { phase } = run
  if (phase.type === 'live' && phase.pausing && !pauseRequested) continueRun(scope, run, false)
  else if (phase.type === 'live' || phase.type === 'ending') run.phase = { ...phase, pausing: pauseRequested }
  for (const message of messages) {
    if (run.seen.has(message.id)) continue
    run.seen.add(message.id)
    switch (message.kind) {
      case 'signal':
        bufferSignal(scope, run, message)
        break
      case 'child':
        receiveChild(scope, run, message)
        break
      case 'cancel':
        acknowledge(scope, run, message)
        deliverCancel(scope, run, message.reason, false)
        break
      case 'terminate':
        // Not acknowledged: it leaves the inbox with the end of the run.
        terminate(scope, run, message.reason)
        return
    }
  }
}

function receiveChild(scope: WorkerScope, run: ActiveRun, message: ChildMessage): void {
  const open = run.open.get(message.cmd)
  if (open?.type === 'child' && open.child === message.child) deliver(scope, run, childOutcome(open, message))
  acknowledge(scope, run, message)
}

function childOutcome(open: OpenCommand, message: ChildMessage): Outcome {
  if (message.error === null) return resolved(open, message.output ?? 'null', 0, 0)
  const error: Failure = {
    name: 'ChildFailedError',
    kind: 'child_failed',
    message: message.error.message,
    details: { cause: message.error as unknown as Json },
  }
  return rejected(open, error, 0, 0)
}
