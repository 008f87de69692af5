import type { Message } from '../store/store.ts'
import type { Failure } from '../workflow/protocol.ts'
import type { ActiveRun, OpenCommand, Outcome } from './active-run.ts'
import { deliver, deliverCancel, rejected, resolved } from './deliver.ts'
import type { Scope } from './scope.ts'

const RETRY_MS = 200

/** Reads a run's unread messages and hands them on. Called when somebody poked the run; one read at a time. */
export function fetchMessages(scope: Scope, run: ActiveRun): void {
  // What came may answer what an earlier incarnation asked for: it waits until the run has asked again, and is fetched then.
  if (run.state !== 'live' || run.mayRepeat) return
  // Nor is anything taken out of the inbox while the row that says so cannot be numbered.
  if (run.fetching || run.held) {
    run.refetch = true
    return
  }
  run.fetching = true
  run.refetch = false
  scope.store.inbox(run.row.org, run.id).then(
    (box) => {
      run.fetching = false
      if (run.state !== 'live') return
      if (run.held) run.refetch = true
      else if (box) take(scope, run, box.wakes, box.pauseRequested, box.messages)
      if (run.refetch) fetchMessages(scope, run)
      else scope.considerIdle(run)
    },
    (error: unknown) => {
      scope.observe({ type: 'trouble', where: 'inbox', error: error instanceof Error ? error : new Error(String(error)) })
      // Still `fetching`, so that the run is not parked: its `wakes` may count a message that it has not seen, and nobody would wake it.
      scope.clock.setTimeout(() => {
        run.fetching = false
        fetchMessages(scope, run)
      }, RETRY_MS)
    },
  )
}

function take(scope: Scope, run: ActiveRun, wakes: number, pauseRequested: boolean, messages: readonly Message[]): void {
  run.wakes = wakes
  if (run.pausing && !pauseRequested) scope.wake(run, false)
  run.pausing = pauseRequested
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
        deliverCancel(scope, run, message.name, false)
        break
    }
  }
}

/** Takes a message out of the inbox together with the journal row that records its receipt. */
function received(scope: Scope, run: ActiveRun, message: Message): void {
  scope.flusher.add(run.id, 'received', { org: run.row.org, run: run.id, id: message.id })
}

function bufferSignal(scope: Scope, run: ActiveRun, message: Message): void {
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
  if (run.pausing) return false
  const message = run.buffered.get(open.name)?.shift()
  if (message === undefined) return false
  if (open.timer) scope.clock.clearTimeout(open.timer)
  deliver(scope, run, resolved(open, message.payload ?? 'null', 0, run.at))
  received(scope, run, message)
  return true
}

function receiveChild(scope: Scope, run: ActiveRun, message: Message): void {
  const [cmd = '', child = ''] = message.name.split(' ')
  const open = run.open.get(Number(cmd))
  if (open?.type === 'child' && open.child === child) {
    deliver(scope, run, childOutcome(open, message))
  }
  received(scope, run, message)
}

function childOutcome(open: OpenCommand, message: Message): Outcome {
  if (message.error === null) return resolved(open, message.payload ?? 'null', 0, 0)
  const error: Failure = {
    name: 'ChildFailedError',
    kind: 'child_failed',
    message: message.error.message,
    details: { cause: { ...message.error } },
  }
  return rejected(open, error, 0, 0)
}
