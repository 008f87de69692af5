import type { Command, Reaction } from '../workflow/protocol.ts'
import type { ActiveRun, OpenCommand } from './active-run.ts'
import { takeBackChild } from './close-child.ts'
import { note } from './deliver.ts'
import { abortStep, marker, register } from './open-command.ts'
import type { Scope } from './scope.ts'

/** Does what a live workflow asked for. */
export function react(scope: Scope, run: ActiveRun, reaction: Reaction): void {
  if (run.state !== 'live') return
  // The answer to a start that it did not wait for; it may have been the last.
  if (run.ending) return scope.considerIdle(run)
  const opened: OpenCommand[] = []
  for (const command of reaction.commands) {
    const open = register(run, command)
    if (open) opened.push(open)
    else if (command.type === 'drop') drop(scope, run, command.cmd)
    else if (command.type === 'patch') note(scope, run, marker('patch', command.id, run.at))
    else if (command.type === 'log') log(scope, run, command)
  }
  if (reaction.completion) {
    scope.endWith(run, reaction.completion)
    return
  }
  const isFresh = !run.mayRepeat
  run.mayRepeat = false
  // Invariant: a command dropped in the same turn was never begun.
  for (const command of opened) if (run.open.get(command.cmd) === command) scope.begin(run, command, isFresh)
  if (isFresh) scope.considerIdle(run)
  else scope.fetchMessages(run)
}

/** Takes an open command back: its body is aborted, its child asked to stop, its answer not awaited. */
function drop(scope: Scope, run: ActiveRun, cmd: number): void {
  const open = run.open.get(cmd)
  if (open === undefined) return
  run.open.delete(cmd)
  if (open.timer) scope.clock.clearTimeout(open.timer)
  if (open.type === 'step') abortStep(open, 'dropped')
  if (open.type === 'child') takeBackChild(scope, run, open)
}

function log(scope: Scope, run: ActiveRun, command: Extract<Command, { type: 'log' }>): void {
  const data = command.data === null ? null : JSON.stringify(command.data)
  scope.flusher.add(run.id, 'logs', {
    org: run.row.org,
    run: run.id,
    cmd: 0,
    attempt: 0,
    at: run.at,
    level: command.level,
    message: command.message.replaceAll('\0', ''),
    data,
  })
}
