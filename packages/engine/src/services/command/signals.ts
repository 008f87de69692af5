import type { Message, SignalMessage } from '../../store/store.ts'
import { type ActiveRun, isLive, isPausing, type OpenCommand } from '../run/active-run.ts'
import { deliver, resolved } from '../run/deliver.ts'
import type { WorkerScope } from '../run/worker-scope.ts'

/** Keeps a signal until a command waits for it, or delivers it to the oldest command that does. */
export function bufferSignal(scope: WorkerScope, run: ActiveRun, message: SignalMessage): void {
  const queue = run.buffered.get(message.name)
  if (queue) queue.push(message)
  else run.buffered.set(message.name, [message])
  for (const open of run.open.values()) {
    if (open.type === 'signal' && open.name === message.name && receiveSignal(scope, run, open)) return
  }
}

/**
 * Delivers the oldest buffered signal to a waiting command. False if no signal is buffered. Invariant (I8): the journal row and the removal
 * from the inbox commit together.
 */
export function receiveSignal(scope: WorkerScope, run: ActiveRun, open: Extract<OpenCommand, { type: 'signal' }>): boolean {
  if (isPausing(run)) return false
  const message = run.buffered.get(open.name)?.shift()
  if (message === undefined) return false
  if (open.timer) scope.clock.clearTimeout(open.timer)
  deliver(scope, run, resolved(open, message.payload ?? 'null', 0, run.at))
  acknowledge(scope, run, message)
  return true
}

/**
 * Removes a message from the inbox together with the journal row that records its receipt. A run that this worker has lost writes no such
 * row, so the message stays.
 */
export function acknowledge(scope: WorkerScope, run: ActiveRun, message: Message): void {
  if (!isLive(run)) return
  scope.flusher.add(run.id, 'received', { org: run.row.org, run: run.id, id: message.id })
}
