/**
 * The one place around every operation, whichever face calls: key, rate, permission, input, idempotency, transaction,
 * audit, log. What a face adds is how a request is read and an answer is written.
 */
import { findOperation, type Operation, ProblemError, problem } from '@orrery/contract'
import type { Identity } from '../context/identity.ts'
import { recordAudit } from '../audit/record-audit.ts'
import { type Call, makeContext } from './make-context.ts'
import { classifyFailure, isLostRace } from '../database/classify-failure.ts'
import type { Transaction } from '../database/database.ts'
import type { Host } from '../context/kernel.ts'
import { answerOnce, claimKey, dropClaim, type Once, settleClaim } from '../idempotency/answer-once.ts'
import { type Caller, identify } from './identify.ts'
import type { AnyImplementation } from '../context/implementation.ts'
import { implementations } from '../implementations.generated.ts'
import { concealSecrets } from '../secrets/conceal-secrets.ts'
import { validateInput } from './validate-input.ts'

export interface Answer {
  /** HTTP status of success. */
  readonly status: number
  readonly output: unknown
  /** The stored answer to an earlier request with the same idempotency key. */
  readonly replayed: boolean
}

/**
 * These commit through the engine's group commit, together with their audit entries, when they have no idempotency key:
 * a transaction of their own would cost each start a commit.
 */
const GROUP_COMMITTED: ReadonlySet<string> = new Set(['runs.start', 'runs.startMany', 'pipelines.run'])

/**
 * These wait for others: no transaction is open meanwhile. They open their own for what they write; the audit entry and the answer that is kept under an
 * idempotency key follow in one of ours.
 */
const REACH_OUTSIDE: ReadonlySet<string> = new Set(['tools.call', 'tools.discover', 'tools.import'])

const ATTEMPTS_MAX = 4

/**
 * @param rawInput the input, or a function that reads it: called only when the caller is known and may do this, so that nobody
 * else makes us read a long body. Throws ProblemError and nothing else.
 */
export async function callOperation(host: Host, name: string, caller: Caller, rawInput: unknown): Promise<Answer> {
  const startedAt = performance.now()
  let identity: Identity | null = null
  try {
    const operation = findOperation(name)
    if (operation === null) throw problem('not_found', `There is no operation ${name}.`)
    identity = await identify(host, caller, operation.permission)
    const given: unknown = typeof rawInput === 'function' ? await rawInput() : rawInput
    const input = validateInput(operation.input, given) as Record<string, unknown>
    const { requestId, traceId } = caller
    const kept = concealSecrets(host.secretKeys, identity.org, operation.input, input)
    const answer = await perform(host, { operation, identity, input, kept, trace: { requestId, traceId } }, readKey(operation, caller))
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

async function perform(host: Host, call: Call, idempotencyKey: string | null): Promise<Answer> {
  const { operation } = call
  const grouped = idempotencyKey === null && GROUP_COMMITTED.has(operation.name)
  const done = REACH_OUTSIDE.has(operation.name)
    ? await performOutside(host, call, idempotencyKey)
    : operation.effect === 'read' || grouped
      ? await performAlone(host, call)
      : await performInTransaction(host, call, idempotencyKey)
  const output = host.checkOutputs ? operation.output.parse(done.output) : done.output
  return { status: operation.http.status ?? 200, output, replayed: done.replayed }
}

async function performAlone(host: Host, call: Call): Promise<{ output: unknown; replayed: boolean }> {
  const context = makeContext(host, call, null)
  const output = await implementationOf(call.operation)(context.ctx, call.input)
  context.committed()
  return { output, replayed: false }
}

async function performOutside(host: Host, call: Call, key: string | null): Promise<{ output: unknown; replayed: boolean }> {
  const inOrg = <T>(work: (tx: Transaction) => Promise<T>) => host.database.transaction(call.identity.org, 'read write', work)
  const once = key === null ? null : toOnce(host, call, key)
  const stored = once === null ? null : await inOrg((tx) => claimKey(tx, once))
  if (stored !== null) return { output: stored.answer, replayed: true }
  const context = makeContext(host, call, null)
  const output = await implementationOf(call.operation)(context.ctx, call.input).catch(async (error: unknown) => {
    if (once !== null) await inOrg((tx) => dropClaim(tx, once))
    throw error
  })
  await inOrg(async (tx) => {
    await recordAudit(tx, context.entries())
    if (once !== null) await settleClaim(tx, once, output)
  })
  context.committed()
  host.announce()
  return { output, replayed: false }
}

/** Effect, stored answer and audit entry commit together, or none of them. Again from the start if it lost a race for rows. */
async function performInTransaction(host: Host, call: Call, key: string | null): Promise<{ output: unknown; replayed: boolean }> {
  const { operation, identity, input } = call
  for (let attempt = 1; ; attempt++) {
    let committed = () => {}
    let rolledBack = async () => {}
    try {
      const done = await host.database.transaction(identity.org, 'read write', async (tx) => {
        const context = makeContext(host, call, tx)
        const work = async () => {
          const output = await implementationOf(operation)(context.ctx, input)
          await recordAudit(tx, context.entries())
          return output
        }
        ;({ committed, rolledBack } = context)
        if (key === null) return { output: await work(), replayed: false }
        return answerOnce(tx, toOnce(host, call, key), work)
      })
      committed()
      host.announce()
      return done
    } catch (error) {
      if (isLostRace(error) && attempt < ATTEMPTS_MAX) continue
      await rolledBack()
      throw error
    }
  }
}

function toOnce(host: Host, { operation, identity, kept }: Call, key: string): Once {
  // What is done outside asks for scopes of its own, which another key need not have: the answer is for whoever got it.
  const input = REACH_OUTSIDE.has(operation.name) ? [identity.actor.id, kept] : kept
  return { org: identity.org, key, operation: operation.name, input, secrets: operation.secrets ?? [], now: host.clock.now() }
}

function implementationOf(operation: Operation): AnyImplementation {
  // The generated index has one for each name; the input was parsed with that operation's own shape.
  return implementations[operation.name as keyof typeof implementations] as AnyImplementation
}

/** Reads need no key, so one sent along is nobody's mistake. @throws invalid_input */
function readKey(operation: Operation, caller: Caller): string | null {
  const key = caller.idempotencyKey
  if (key === null || operation.effect === 'read') return null
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    const error = { path: 'Idempotency-Key', message: 'Not an idempotency key', expected: '1 to 255 visible ASCII characters' }
    throw problem('invalid_input', 'The idempotency key is not valid.', { errors: [error] })
  }
  return key
}

function logCall(
  host: Host,
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
    tookMs: Math.round((performance.now() - startedAt) * 10) / 10,
    problem: failed?.code ?? null,
  }
  if (failed === null) host.log.debug(fields, 'Called')
  else host.log.info(fields, 'Refused')
}
