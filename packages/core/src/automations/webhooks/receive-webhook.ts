import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { encodeId, type Id, ProblemError, problem } from '@orrery/contract'
import {
  boundedCache,
  classifyFailure,
  createRateLimiter,
  isIssued,
  type Kernel,
  limitLookups,
  networkOf,
  SecretError,
} from '@orrery/kernel'
import { type FiringContext, transactAsAutomations } from '../firing-context.ts'
import { evaluateTriggerExpression } from '../triggers/evaluate-trigger-expression.ts'
import { fireUnlessLoop } from '../triggers/fire-unless-loop.ts'
import { recordTrouble } from '../triggers/record-trouble.ts'
import { findWebhook, recordDelivery, selectWebhook, setDeliveryFiring, type WebhookRef, type WebhookRow } from '../webhook-store.ts'
import { deliveryName, readHeaders, readPayload } from './read-payload.ts'
import { openSigningSecret } from './signing-secret.ts'
import { findSignatureFault, type SignedDelivery } from './verify-signature.ts'
import { hashWebhookToken, isWebhookToken } from './webhook-token.ts'

export interface WebhookDelivery extends SignedDelivery {
  /** The token in the address. */
  readonly token: string
  /** The network address of the sender. Unknown tokens are limited by it. */
  readonly address?: string
}

/** `firingId` is null if the filter rejected the delivery. */
export interface WebhookReceipt {
  readonly firingId: Id<'fir'> | null
}

/** Limit per trigger and process. */
const DELIVERIES = { perSecond: 20, burst: 100 }
/** How many tokens this process remembers as found, so that their senders are not limited as those of unknown ones. */
const FOUND_MAX = 10_000

/**
 * Receives deliveries of webhooks. Each fires its trigger once, even if it is repeated under the same id. Throws only ProblemError:
 * not_found for anything wrong with the address or the signature, rate_limited, or the problem of an internal failure.
 */
export function createWebhookReceiver(kernel: Kernel): (delivery: WebhookDelivery) => Promise<WebhookReceipt> {
  const now = () => performance.now()
  const limitDeliveries = createRateLimiter(DELIVERIES, now)
  const limit = limitLookups(now)
  const found = boundedCache<true>({ entriesMax: FOUND_MAX })
  const find = async (hash: Buffer, { token, address }: WebhookDelivery): Promise<WebhookRef | null> => {
    const name = hash.toString('base64')
    const look = () => findWebhook(kernel.database, hash)
    const ref = found.get(name) === true ? await look() : await limit(isIssued(kernel.secretKeys, token) ? name : networkOf(address), look)
    if (ref === null) found.delete(name)
    else found.set(name, true)
    return ref
  }
  const receive = async (delivery: WebhookDelivery): Promise<WebhookReceipt> => {
    if (!isWebhookToken(delivery.token)) throw notFound()
    const hash = hashWebhookToken(delivery.token)
    const ref = await find(hash, delivery)
    if (ref === null) throw notFound()
    orLimited(limitDeliveries(ref.triggerId))
    const { webhook, event } = await authenticate(kernel, ref, hash, delivery)
    if (!(await passesFilter(kernel, ref, webhook, event))) return { firingId: null }
    return await transactAsAutomations(kernel, ref.org, (context) => fire(context, ref, delivery, event))
  }
  return async (delivery) => {
    try {
      return await receive(delivery)
    } catch (error) {
      if (error instanceof ProblemError) throw error
      kernel.log.error({ error }, 'A delivery at a webhook failed')
      throw classifyFailure(error)
    }
  }
}

type WebhookEvent = ReturnType<typeof toEvent>

function toEvent(delivery: WebhookDelivery, at: number) {
  const id = deliveryName(delivery)
  return { type: 'webhook', id, at: new Date(at).toISOString(), data: readPayload(delivery), headers: readHeaders(delivery) } as const
}

/** @throws not_found */
async function authenticate(kernel: Kernel, ref: WebhookRef, hash: Buffer, delivery: WebhookDelivery) {
  const webhook = await kernel.database.transaction(ref.org, 'read only', (tx) => selectWebhook(tx, ref.org, ref.triggerId))
  // The index has found equal bytes. Comparing again, in constant time, means that security does not depend on the index alone.
  if (webhook?.tokenHash == null || !timingSafeEqual(webhook.tokenHash, hash)) throw notFound()
  const fault = findFault(kernel, ref, webhook, delivery)
  if (fault !== null) {
    // The sender gets no hint, and those who see the trigger get the reason.
    await noteTrouble(kernel, ref, webhook, `the latest delivery was refused: ${fault}`)
    throw notFound()
  }
  return { webhook, event: toEvent(delivery, kernel.clock.now()) }
}

function findFault(kernel: Kernel, ref: WebhookRef, { definition, signingSecret }: WebhookRow, delivery: WebhookDelivery): string | null {
  const { signature = 'none' } = definition
  if (signature === 'none') return null
  if (signingSecret === null) return 'the trigger has no signing secret yet (automations.rotateWebhook creates one)'
  try {
    return findSignatureFault(signature, openSigningSecret(kernel.secretKeys, ref, signingSecret), delivery, kernel.clock.now())
  } catch (error) {
    if (!(error instanceof SecretError)) throw error
    kernel.log.warn({ trigger: ref.triggerId, reason: error.message }, 'The signing secret of a webhook cannot be decrypted; rotate it')
    return 'the signing secret of the trigger cannot be decrypted (automations.rotateWebhook creates another)'
  }
}

/** Writes only a change. @param trouble null: no trouble */
async function noteTrouble(
  { database }: Kernel,
  { org, triggerId }: WebhookRef,
  before: WebhookRow,
  trouble: string | null,
): Promise<void> {
  if (trouble !== before.trouble) await recordTrouble(database, org, triggerId, trouble)
}

async function passesFilter(kernel: Kernel, ref: WebhookRef, webhook: WebhookRow, event: WebhookEvent): Promise<boolean> {
  const { filter } = webhook.definition
  const judged =
    filter === undefined
      ? ({ ok: true, value: true } as const)
      : evaluateTriggerExpression(filter, { event }, { nowMs: Date.parse(event.at), timezone: webhook.timezone })
  await noteTrouble(
    kernel,
    ref,
    webhook,
    judged.ok ? (judged.value ? null : findMismatch(filter ?? '', event)) : `filter: ${judged.message}`,
  )
  return judged.ok && judged.value
}

/** Why no delivery like this one can pass the filter, or null if one with other values could. */
function findMismatch(filter: string, { data, headers }: WebhookEvent): string | null {
  if ((typeof data === 'object' && data !== null) || !/\bevent\.data\s*[.[]/.test(filter)) return null
  const type = headers['content-type'] ?? 'none'
  return `filter: it reads members of event.data, and the body of the latest delivery was a ${data === null ? 'null' : typeof data} (content type: ${type})`
}

async function fire(context: FiringContext, ref: WebhookRef, delivery: WebhookDelivery, event: WebhookEvent): Promise<WebhookReceipt> {
  const name = deliveryName(delivery)
  const hash = createHash('sha256')
    .update(name ?? randomUUID())
    .digest()
  if (name !== null) {
    const kept = await recordDelivery(context.tx, ref, hash, new Date(context.nowMs))
    if (!kept.isNew) return toReceipt(kept.firingId)
  }
  const cause = { kind: 'webhook', deliveryId: hash.toString('hex'), atMs: Math.floor(context.nowMs) } as const
  const fired = await fireUnlessLoop(context, { triggerId: ref.triggerId, cause, event }, null)
  if (fired === null) throw notFound()
  if (name !== null) await setDeliveryFiring(context.tx, ref, hash, fired.firingId)
  return toReceipt(fired.firingId)
}

function toReceipt(firingId: string | null): WebhookReceipt {
  return { firingId: firingId === null ? null : encodeId('fir', firingId) }
}

function orLimited(refused: { readonly retryAfterMs: number } | null): void {
  if (refused !== null) throw problem('rate_limited', 'There are too many deliveries.', refused)
}

/** Always the same answer, so that a caller cannot find out whether an address exists. */
function notFound() {
  return problem('not_found', 'There is nothing at this address.')
}
