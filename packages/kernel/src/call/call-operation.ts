/**
 * Every operation runs through this file, for every face: authentication, rate limit, permission, input, idempotency, transaction, audit
 * and log. A face only reads the request and writes the answer.
 */
import { findOperation, type Operation, ProblemError, problem } from '@orrery/contract'
import { recordAudit } from '../audit/record-audit.ts'
import type { Caller, Identity } from '../context/identity.ts'
import type { AnyImplementation } from '../context/implementation.ts'
import type { Answer, Kernel } from '../context/kernel.ts'
import { classifyFailure, isTransient } from '../database/classify-failure.ts'
import type { Transaction } from '../database/database.ts'
import { retryLostRaces } from '../database/retry-lost-races.ts'
import { answerOnce, claimKey, dropClaim, type KeyedCall, settleClaim, settleFailure } from '../idempotency/answer-once.ts'
import { containOutside } from '../outside/contain-outside.ts'
import { concealSecrets } from '../secrets/conceal-secrets.ts'
import { whileAllowed, within } from './bound-call.ts'
import { identify } from './identify.ts'
import { type Call, type CallContext, makeContext } from './make-context.ts'
import { requireProof } from './require-proof.ts'
import { validateInput } from './validate-input.ts'

/** A kernel with the use case of each operation, by name. */
export interface CallHost extends Kernel {
  readonly implementations: Readonly<Record<string, AnyImplementation>>
}

/**
 * @param rawInput the input, or a function that reads it. The function is called after the caller was authenticated and authorized, so that
 * the server reads no long body for other callers. @throws ProblemError only
 */
export async function callOperation(host: CallHost, name: string, caller: Caller, rawInput: unknown): Promise<Answer> {
  const startedAt = performance.now()
  let identity: Identity | null = null
  try {
    const operation = findOperation(name)
    if (operation === null) throw problem('not_found', `There is no operation ${name}.`)
    identity = await identify(host, caller, operation.permission)
    if (operation.proof === 'recent') identity = await requireProof(host, caller, identity)
    const given: unknown = typeof rawInput === 'function' ? await rawInput() : rawInput
    const input = validateInput(operation.input, given) as Record<string, unknown>
    const { requestId, traceId } = caller
    const kept = concealSecrets(host.secretKeys, identity.org, operation.input, input)
    const idempotencyKey = readKey(operation, caller)
    const work = perform(host, { operation, identity, input, kept, origin: { requestId, traceId, idempotencyKey } })
    const answer = operation.effect === 'read' ? await whileAllowed(host, caller, operation.permission, work) : await work
    logCall(host, name, caller, identity, startedAt, null)
    return answer
  } catch (error) {
    const shown = error instanceof ProblemError ? error : classifyFailure(error)
    logCall(host, name, caller, identity, startedAt, shown)
    if (shown !== error && shown.status >= 500)
      host.log.error({ error, operation: name, requestId: caller.requestId }, 'An operation failed')
    throw shown
  }
}

interface Performed {
  readonly output: unknown
  readonly replayed: boolean
}

async function perform(host: CallHost, call: Call): Promise<Answer> {
  const { operation } = call
  const { output, replayed } = await performHow(host, call)
  return { status: operation.http.status ?? 200, output: host.checkOutputs ? operation.output.parse(output) : output, replayed }
}

/** Longer than the longest wait of a read (a minute), and than a write takes whose database answers. */
const READ_MS_MAX = 90_000
const WRITE_MS_MAX = 30_000

function performHow(host: CallHost, call: Call): Promise<Performed> {
  const { operation, origin } = call
  if (operation.effect === 'read') return within(READ_MS_MAX, 'read', performAlone(host, call))
  switch (operation.execution ?? 'transaction') {
    case 'transaction':
      return within(WRITE_MS_MAX, 'write', performInTransaction(host, call))
    case 'group commit':
      // The stored answer must commit with the effect, so a call with an idempotency key needs a transaction.
      return within(WRITE_MS_MAX, 'write', origin.idempotencyKey === null ? performAlone(host, call) : performInTransaction(host, call))
    case 'outside':
      return performOutside(host, call)
  }
}

async function performAlone(host: CallHost, call: Call): Promise<Performed> {
  const context = makeContext(host, call, null)
  const output = await implementationOf(host, call.operation)(context.ctx, call.input)
  context.committed()
  return { output, replayed: false }
}

async function performOutside(host: CallHost, call: Call): Promise<Performed> {
  const keyed = toKeyedCall(host, call)
  const stored = keyed === null ? null : await inOrg(host, call, (tx) => claimKey(tx, keyed))
  if (stored !== null) return { output: stored.answer, replayed: true }
  const context = makeContext(host, call, null)
  const work = () => implementationOf(host, call.operation)(context.ctx, call.input)
  const output = await containOutside(context.ctx.log, call.operation.name, work).catch(async (error: unknown) => {
    await recordOutsideFailure(host, call, context, keyed, error)
    throw error
  })
  await retryLostRaces(() =>
    inOrg(host, call, async (tx) => {
      await recordAudit(tx, context.entries())
      if (keyed !== null) await settleClaim(tx, keyed, output)
    }),
  )
  context.committed()
  host.announce()
  return { output, replayed: false }
}

/**
 * A call that fails after its effect has begun (it has noted what it is about) may have had it, so the failure is audited, and a problem is
 * the answer to its idempotency key from now on. After a failure of ours it is unknown what was done, and the key stays claimed. A call that
 * fails earlier, or with a problem that passes, releases the key. The caller gets the original failure, also if this cannot be written.
 */
async function recordOutsideFailure(
  host: CallHost,
  call: Call,
  context: CallContext,
  keyed: KeyedCall | null,
  failure: unknown,
): Promise<void> {
  const shown = failure instanceof ProblemError ? failure : classifyFailure(failure)
  try {
    if (context.hasBegun()) {
      await inOrg(host, call, async (tx) => {
        await recordAudit(tx, context.entries({ failed: shown.code }))
        if (keyed === null || !(failure instanceof ProblemError)) return
        await (isTransient(failure) ? dropClaim(tx, keyed) : settleFailure(tx, keyed, failure))
      })
    } else if (keyed !== null) await inOrg(host, call, (tx) => dropClaim(tx, keyed))
  } catch (error) {
    host.log.error(
      { error, operation: call.operation.name, requestId: call.origin.requestId },
      'The failure of a call could not be recorded',
    )
  }
}

function inOrg<T>(host: CallHost, { identity }: Call, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return host.database.transaction(identity.org, 'read write', work)
}

/** Effect, stored answer and audit entry commit together or not at all. */
async function performInTransaction(host: CallHost, call: Call): Promise<Performed> {
  const { operation, identity, input } = call
  const keyed = toKeyedCall(host, call)
  // That of the last attempt.
  const last: { context?: CallContext } = {}
  const attempt = (tx: Transaction): Promise<Performed> => {
    const context = makeContext(host, call, tx)
    last.context = context
    const work = async () => {
      const output = await implementationOf(host, operation)(context.ctx, input)
      await recordAudit(tx, context.entries())
      return output
    }
    return keyed === null ? work().then((output) => ({ output, replayed: false })) : answerOnce(tx, keyed, work)
  }
  const done = await retryLostRaces(() => host.database.transaction(identity.org, 'read write', attempt)).catch(async (error: unknown) => {
    await last.context?.rolledBack()
    throw error
  })
  last.context?.committed()
  host.announce()
  return done
}

/** Null: the caller sent no idempotency key. */
function toKeyedCall(host: CallHost, { operation, identity, kept, origin: { idempotencyKey: key } }: Call): KeyedCall | null {
  if (key === null) return null
  // The answer depends on the caller where a call needs more than the operation's permission (the scopes of a tool, or those that it grants),
  // or is about the caller itself (its token). Then only the caller that received the answer gets it again.
  const { execution, grants = false, permission } = operation
  const isOfCaller = execution === 'outside' || grants || permission === 'any' || permission === 'token'
  const input = isOfCaller ? [identity.actor.id, identity.token?.family ?? null, kept] : kept
  return { org: identity.org, key, operation: operation.name, input, secrets: operation.secrets ?? [], now: host.clock.now() }
}

function implementationOf({ implementations }: CallHost, { name }: Operation): AnyImplementation {
  const found = implementations[name]
  if (found === undefined) throw new Error(`The operation ${name} has no implementation`)
  return found
}

/** Reads ignore an Idempotency-Key. @throws invalid_input */
function readKey(operation: Operation, caller: Caller): string | null {
  const key = caller.idempotencyKey
  if (key === null || operation.effect === 'read') return null
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    const error = { path: 'Idempotency-Key', message: 'Not an idempotency key', expected: '1 to 255 visible ASCII characters' }
    throw problem('invalid_input', 'The idempotency key is not valid.', { errors: [error] })
  }
  // Keys of steps, whose identity is known already, have a namespace of their own: no caller from outside can take a key before a step does.
  return caller.credential !== null && typeof caller.credential === 'object' ? `step ${key}` : key
}

function logCall(
  host: CallHost,
  operation: string,
  caller: Caller,
  identity: Identity | null,
  startedAt: number,
  failed: ProblemError | null,
): void {
  const fields = {
    operation,
    face: caller.face,
    requestId: caller.requestId,
    traceId: caller.traceId,
    actor: identity?.actor.id ?? null,
    client: identity?.client?.id,
    tookMs: Math.round((performance.now() - startedAt) * 10) / 10,
    problem: failed?.code ?? null,
  }
  if (failed === null) host.log.debug(fields, 'Called')
  else host.log.info(fields, 'Refused')
}
