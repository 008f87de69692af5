import { fromFailure, toFailure } from '../../workflow/errors.ts'
import type { Json } from '../../workflow/protocol.ts'
import { toLogText, toShownJson } from '../../workflow/shown-json.ts'
import type { StepLog } from '../../workflow/step.ts'
import { type CodeOwner, runUnowned } from '../foreign-code.ts'
import { type ActiveRun, isLive } from '../run/active-run.ts'
import { observeLine } from '../run/observe-line.ts'
import type { OpenStep } from '../run/open-command.ts'
import type { WorkerScope } from '../run/worker-scope.ts'

type Level = keyof StepLog

/** Further lines of an attempt are left out. */
const LINES_MAX = 1000

export interface OwnedAttempt extends CodeOwner {
  readonly log: StepLog
  /** Set while the body runs: ends the attempt with the error. */
  fail: ((error: unknown) => void) | null
}

/**
 * The owner of what a body does. Its lines go to the log of the run, and an error that nothing caught fails the attempt. An error that comes
 * after the end of the attempt becomes a line. Sockets and timers of the body may keep this object for long, so it does not hold the run.
 */
export function ownAttempt(scope: WorkerScope, run: ActiveRun, open: OpenStep): OwnedAttempt {
  const [org, id, { cmd, name: step, attempt }] = [run.row.org, run.id, open]
  let lines = 0
  const record = (level: Level, message: string, data: Json | undefined): void => {
    const row = { org, run: id, cmd, step, attempt, at: scope.clock.now(), level, message }
    const line = { ...row, data: data === undefined ? null : JSON.stringify(data) }
    runUnowned(() => {
      scope.flusher.add(id, 'logs', line)
      observeLine(scope.observe, line)
    })
  }
  /** False: the attempt has written too many lines. */
  const write = (level: Level, message: unknown, data?: unknown): boolean => {
    lines += 1
    if (lines > LINES_MAX + 1) return false
    if (lines > LINES_MAX) record('warn', `further lines of this attempt are left out; the most is ${LINES_MAX}`, undefined)
    else record(level, toLogText(message), data === undefined ? undefined : toShownJson(data))
    return lines <= LINES_MAX
  }
  const log = (level: Level) => (message: string, data?: Json) => {
    const held = scope.active.get(id)
    if (held !== undefined && isLive(held)) write(level, message, data)
  }
  const owner: OwnedAttempt = {
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    fail: null,
    onStray: (error) => {
      if (owner.fail !== null) return owner.fail(error)
      const failure = toFailure(error)
      const { name, message, stack = null } = failure
      const where = `step "${step}", attempt ${attempt}`
      if (!write('error', `${where}: nothing caught an error after the attempt had ended: ${name}: ${message}`, { stack })) return
      const told = fromFailure({ ...failure, message: `run ${id}, ${where}: ${message}` })
      runUnowned(() => scope.observe({ type: 'trouble', where: 'step', error: told }))
    },
  }
  return owner
}
