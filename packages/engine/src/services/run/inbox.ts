import type { ChildMessage, Message, SignalMessage } from '../../store/store.ts'
import type { Failure } from '../../workflow/protocol.ts'
import { type ActiveRun, isLive, isPausing, type OpenCommand, type Outcome } from './active-run.ts'
import { deliver, deliverCancel, rejected, resolved } from './deliver.ts'
import type { Scope } from './scope.ts'

const RETRY_MS = 200

/** Reads a run's unread messages and hands them on. Called when something poked the run; one read at a time. */
export function fetchMessages(scope: Scope, run: ActiveRun): void {
  if (!isLive(run) || run.phase.type === 'repeating') return
  if (run.inbox !== 'idle') {
    run.inbox = 'again'
    return
  }
  // Nothing is taken out of the inbox while the row that says so cannot be numbered.
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
      if (box && run.held === null) take(scope, run, box.wakes, box.pauseRequested, box.messages)
      if (isStale) fetchMessages(scope, run)
      else scope.considerIdle(run)
    },
    (error: unknown) => {
      scope.observe({ type: 'trouble', where: 'inbox', error: error instanceof Error ? error : new Error(String(error)) })
      // Not `idle` yet, so that the run is not parked: its `wakes` may count a message that it has not seen, and nothing would wake it.
      scope.clock.setTimeout(() => readAgain(scope, run), RETRY_MS)
    },
  )
}

function readAgain(scope: Scope, run: ActiveRun): void {
  run.inbox = 'idle'
  fetchMessages(scope, run)
}

function take(scope: Scope, run: ActiveRun, wakes: number, pauseRequested: boolean, messages: readonly Message[]): void {
  run.wakes = wakes
  const { phase } = run
  if (phase.type === 'live' && phase.pausing && !pauseRequested) scope.wake(run, false)
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
        received(scope, run, message)
        deliverCancel(scope, run, message.reason, false)
        break
    }
  }
}

/** Takes a message out of the inbox together with the journal row that records its receipt. */
function received(scope: Scope, run: ActiveRun, message: Message): void {
  scope.flusher.add(run.id, 'received', { org: run.row.org, run: run.id, id: message.id })
}

function bufferSignal(scope: Scope, run: ActiveRun, message: SignalMessage): void {
  const queue = run.buffered.get(message.name)
  if (queue) queue.push(message)
  else run.buffered.set(message.name, [message])
  for (const open of run.open.values()) {
    if (open.type === 'signal' && open.name === message.name && receiveSignal(scope, run, open)) return
  }
}

/**
 * Gives the oldest buffered signal to a waiting command; false if there is none. Invariant (I8): journal row and removal from the inbox
 * commit together.
 */
export function receiveSignal(scope: Scope, run: ActiveRun, open: Extract<OpenCommand, { type: 'signal' }>): boolean {
  if (isPausing(run)) return false
  const message = run.buffered.get(open.name)?.shift()
  if (message === undefined) return false
  if (open.timer) scope.clock.clearTimeout(open.timer)
  deliver(scope, run, resolved(open, message.payload ?? 'null', 0, run.at))
  received(scope, run, message)
  return true
}

function receiveChild(scope: Scope, run: ActiveRun, message: ChildMessage): void {
  const open = run.open.get(message.cmd)
  if (open?.type === 'child' && open.child === message.child) {
    run.children.delete(open.cmd)
    deliver(scope, run, childOutcome(open, message))
  }
  received(scope, run, message)
}

function childOutcome(open: OpenCommand, message: ChildMessage): Outcome {
  if (message.error === null) return resolved(open, message.output ?? 'null', 0, 0)
  const error: Failure = {
    name: 'ChildFailedError',
    kind: 'child_failed',
    message: message.error.message,
    details: { cause: { ...message.error } },
  }
  return rejected(open, error, 0, 0)
}
