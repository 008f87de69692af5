import { hash } from 'node:crypto'
import type { StepImplementation } from '../../api.ts'
import type { Timer } from '../../clock.ts'
import { TimeoutError } from '../../workflow/errors.ts'
import type { Json } from '../../workflow/protocol.ts'
import { toShownJson } from '../../workflow/shown-json.ts'
import { runOwned, runUnowned } from '../foreign-code.ts'
import { toError } from '../observe.ts'
import { type ActiveRun, isLive } from '../run/active-run.ts'
import type { OpenStep } from '../run/open-command.ts'
import type { WorkerScope } from '../run/worker-scope.ts'
import { ownAttempt } from './attempt-log.ts'

/** The shortest time between two writes of heartbeat details. The next attempt gets the last details written. */
const HEARTBEAT_WRITE_MS = 1000

/** One attempt of a step, from the moment its body may begin. */
export interface Attempt {
  readonly run: ActiveRun
  readonly open: OpenStep
  readonly implementation: StepImplementation
  readonly abort: AbortController
  readonly startedAt: number
}

export interface PreparedContext {
  /** The body's context without `lastHeartbeat`. */
  readonly context: object
  /** Runs the attempt's own code: whatever it starts belongs to the attempt. */
  readonly own: <T>(code: () => T) => T
  /** Rejects when the attempt exceeds its time limit, misses its heartbeat, is aborted, or lets an error escape. */
  readonly expired: Promise<never>
  readonly done: () => void
}

/** Makes the context of one attempt: identity, abort signal, heartbeats, logs. */
export function makeStepContext(scope: WorkerScope, { run, open, implementation, abort }: Attempt): PreparedContext {
  const { promise: expired, reject } = Promise.withResolvers<never>()
  expired.catch(() => {})
  const attempt = open.attempt
  const owner = ownAttempt(scope, run, open)
  const own = <T>(code: () => T): T => runOwned(owner, code)
  const fail = (error: unknown): void =>
    runUnowned(() => {
      reject(error)
      abort.abort(toError(error))
    })
  owner.fail = fail
  const expire = (message: string): void => fail(new TimeoutError(message))
  // The body's own signal, so that what its listeners do belongs to the attempt. The engine aborts it.
  const signalling = new AbortController()
  const onAbort = (): void => {
    // The attempt's outcome is decided. Whatever escapes from now on is only logged.
    owner.fail = null
    reject(abort.signal.reason instanceof Error ? abort.signal.reason : new Error('aborted'))
    own(() => signalling.abort(abort.signal.reason))
  }
  abort.signal.addEventListener('abort', onAbort, { once: true })

  const limitMs = open.command.options.timeoutMs ?? implementation.timeoutMs
  const limit =
    limitMs === null ? null : scope.clock.setTimeout(() => expire(`step "${open.name}" took longer than ${limitMs} ms`), limitMs)
  const watch = watchHeartbeats(scope, implementation, expire, open.name)
  let wroteAt = 0
  const beat = (details?: Json): void => {
    // The body outlived its attempt, and the next one may have begun.
    if (owner.fail === null) return
    watch.heartbeat()
    const now = scope.clock.now()
    if (details === undefined || now - wroteAt < HEARTBEAT_WRITE_MS || !isLive(run)) return
    wroteAt = now
    scope.flusher.add(run.id, 'progress', {
      org: run.row.org,
      run: run.id,
      cmd: open.cmd,
      attempt,
      at: now,
      details: JSON.stringify(toShownJson(details)),
    })
  }
  const context = {
    runId: run.bundle.ids.run(run.id),
    orgId: run.bundle.ids.org(run.row.org),
    workflow: run.row.workflow,
    step: open.name,
    attempt,
    idempotencyKey: `${run.row.keys}:${run.generation.number}:${open.cmd}:${digest(open)}`,
    scopes: run.row.authority?.scopes ?? [],
    signal: signalling.signal,
    heartbeat: (details?: Json) => runUnowned(() => beat(details)),
    log: owner.log,
  }
  const done = (): void => {
    owner.fail = null
    if (limit) scope.clock.clearTimeout(limit)
    watch.stop()
    abort.signal.removeEventListener('abort', onAbort)
  }
  return { context, own, expired, done }
}

/**
 * Distinguishes steps that share a command number. A retried run has the idempotency keys of its source, but with concurrent branches it
 * may assign a command's number to another step, and another effect needs another key.
 */
const digest = (open: OpenStep): string => hash('sha256', `${open.name} ${open.input}`, 'base64url').slice(0, 16)

function watchHeartbeats(scope: WorkerScope, implementation: StepImplementation, expire: (message: string) => void, step: string) {
  const limitMs = implementation.heartbeatTimeoutMs
  let timer: Timer | null = null
  const stop = (): void => {
    if (timer) scope.clock.clearTimeout(timer)
    timer = null
  }
  const heartbeat = (): void => {
    if (limitMs === null) return
    stop()
    timer = scope.clock.setTimeout(() => expire(`step "${step}" sent no heartbeat for ${limitMs} ms`), limitMs)
  }
  heartbeat()
  return { heartbeat, stop }
}
