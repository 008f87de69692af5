import type { Command, Reaction } from '../../workflow/protocol.ts'
import { toLogText } from '../../workflow/shown-json.ts'
import { beginCommand, endRun } from '../command/begin-command.ts'
import { type ActiveRun, isLive, isPausing, type OpenCommand } from '../run/active-run.ts'
import { cancelDroppedChild } from '../run/cancel.ts'
import { record } from '../run/deliver.ts'
import { abortStep, marker, register } from '../run/open-command.ts'
import { block, considerIdle } from '../run/park.ts'
import type { WorkerScope } from '../run/worker-scope.ts'
import { readAgain, readThenContinue } from './read-inbox.ts'

/** A loop without steps and waits would keep the worker and the database busy forever. */
const IDLE_MAX = 1000

/** Carries out the commands of a live workflow. */
export function react(scope: WorkerScope, run: ActiveRun, reaction: Reaction): void {
  if (!isLive(run)) return
  // The run has already ended. This is the outcome of a start of a detached child, perhaps the last one.
  if (run.phase.type === 'ending') return considerIdle(scope, run)
  const opened: OpenCommand[] = []
  for (const command of reaction.commands) {
    const open = register(run, command)
    if (open) opened.push(open)
    else if (command.type === 'drop') drop(scope, run, command.cmd)
    else if (command.type === 'patch') record(scope, run, marker('patch', command.id, run.at))
    else if (command.type === 'log') log(scope, run, command)
  }
  const isFresh = run.phase.type !== 'repeating'
  if (reaction.completion?.type === 'continued' && run.generation.idle >= IDLE_MAX)
    return block(scope, run, `The workflow continued as new ${IDLE_MAX} times, one after another, without a step or a wait.`)
  if (reaction.completion) {
    endRun(scope, run, reaction.completion)
    // A run that continues as new still needs the messages that waited for its first turn.
    if (!isFresh) readAgain(scope, run)
    return
  }
  if (!isFresh) return readThenContinue(scope, run, isPausing(run))
  // Invariant: a command dropped in the turn that issued it is never begun.
  for (const command of opened) if (run.open.get(command.cmd) === command) beginCommand(scope, run, command, true)
  considerIdle(scope, run)
}

/** Drops an open command: aborts its body, asks its child to stop, and ignores its outcome. */
function drop(scope: WorkerScope, run: ActiveRun, cmd: number): void {
  const open = run.open.get(cmd)
  if (open === undefined) return
  run.open.delete(cmd)
  if (open.timer) scope.clock.clearTimeout(open.timer)
  if (open.type === 'step') abortStep(open, 'dropped')
  if (open.type === 'child') cancelDroppedChild(scope, run, open)
}

/** The code in a bundle cuts the data of a line at half of this. A bundle that was built elsewhere may not. */
const LOG_DATA_CHARS_MAX = 150_000

function log(scope: WorkerScope, run: ActiveRun, command: Extract<Command, { type: 'log' }>): void {
  const text = command.data === null ? null : JSON.stringify(command.data)
  const isLong = text !== null && text.length > LOG_DATA_CHARS_MAX
  const data = isLong ? JSON.stringify(`data of ${text.length} characters were left out`) : text
  scope.flusher.add(run.id, 'logs', {
    org: run.row.org,
    run: run.id,
    cmd: 0,
    step: null,
    attempt: 0,
    at: run.at,
    level: command.level,
    message: toLogText(command.message),
    data,
  })
}
