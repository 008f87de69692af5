import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { encodeId, type Id, ProblemError, problem } from '@orrery/contract'
import { classifyFailure, createRateLimiter, type Kernel, SecretError } from '@orrery/kernel'
import { type FiringContext, transactAsAutomations } from '../firing-context.ts'
import { evaluateTriggerExpression } from '../triggers/evaluate-trigger-expression.ts'
import { fireUnlessLoop } from '../triggers/fire-unless-loop.ts'
import { recordTrouble } from '../triggers/record-trouble.ts'
import { findWebhook, recordDelivery, selectWebhook, setDeliveryFiring, type WebhookRef, type WebhookRow } from '../webhook-store.ts'
import { deliveryName, readHeaders, readPayload } from './read-payload.ts'
import { openSigningSecret } from './signing-secret.ts'
import { type SignedDelivery, verifySignature } from './verify-signature.ts'
import { hashWebhookToken, isWebhookToken } from './webhook-token.ts'

export interface WebhookDelivery extends SignedDelivery {
  /** Of the address. */
  readonly token: string
}

/** Null: its filter leaves it out. */
export interface WebhookReceipt {
  readonly firingId: Id<'fir'> | null
}

/** Of one trigger, in this process. */
const DELIVERIES = { perSecond: 20, burst: 100 }
/** Looking up an address costs a query; a flood of made-up ones may not take the database. */
const LOOKUPS = { perSecond: 200, burst: 400 }

/**
 * Takes deliveries at webhooks. Each fires its trigger once, also when it comes again under the same name.
 * Throws ProblemError and nothing else: not_found whatever is wrong with the address or the signature, rate_limited.
 */
export function createWebhookReceiver(kernel: Kernel): (delivery: WebhookDelivery) => Promise<WebhookReceipt> {
  const now = () => performance.now()
  const limitDeliveries = createRateLimiter(DELIVERIES, now)
  const limitLookups = createRateLimiter(LOOKUPS, now)
  const take = async (delivery: WebhookDelivery): Promise<WebhookReceipt> => {
    if (!isWebhookToken(delivery.token)) throw nothingThere()
    const hash = hashWebhookToken(delivery.token)
    orLimited(limitLookups('lookup'))
    const ref = await findWebhook(kernel.database, hash)
    if (ref === null) throw nothingThere()
    orLimited(limitDeliveries(ref.triggerId))
    const { webhook, receive } = await admit(kernel, ref, hash, delivery)
    if (!(await passes(kernel, ref, webhook, receive))) return { firingId: null }
    return await transactAsAutomations(kernel, ref.org, (context) => fire(context, ref, delivery, receive))
  }
  return async (delivery) => {
    try {
      return await take(delivery)
    } catch (error) {
      if (error instanceof ProblemError) throw error
      kernel.log.error({ error }, 'A delivery at a webhook failed')
      throw classifyFailure(error)
    }
  }
}

type Received = ReturnType<typeof read>

function read(delivery: WebhookDelivery, at: number) {
  const id = deliveryName(delivery)
  return { type: 'webhook', id, at: new Date(at).toISOString(), data: readPayload(delivery), headers: readHeaders(delivery) } as const
}

/** @throws not_found */
async function admit(kernel: Kernel, ref: WebhookRef, hash: Buffer, delivery: WebhookDelivery) {
  const webhook = await kernel.database.transaction(ref.org, 'read only', (tx) => selectWebhook(tx, ref.org, ref.triggerId))
  // The index found equal bytes already; comparing again in constant time keeps that from resting on the index alone.
  if (webhook?.tokenHash == null || !timingSafeEqual(webhook.tokenHash, hash)) throw nothingThere()
  if (!isSigned(kernel, ref, webhook, delivery)) throw nothingThere()
  return { webhook, receive: read(delivery, kernel.clock.now()) }
}

function isSigned(kernel: Kernel, ref: WebhookRef, { definition, signingSecret }: WebhookRow, delivery: WebhookDelivery): boolean {
  const { signature = 'none' } = definition
  if (signature === 'none') return true
  if (signingSecret === null) return false
  try {
    return verifySignature(signature, openSigningSecret(kernel.secretKeys, ref, signingSecret), delivery, kernel.clock.now())
  } catch (error) {
    if (!(error instanceof SecretError)) throw error
    kernel.log.warn({ trigger: ref.triggerId, reason: error.message }, 'The signing secret of a webhook does not open; rotate it')
    return false
  }
}

async function passes({ database }: Kernel, { org, triggerId }: WebhookRef, webhook: WebhookRow, event: Received): Promise<boolean> {
  const { filter } = webhook.definition
  if (filter === undefined) return true
  const judged = evaluateTriggerExpression(filter, { event }, { nowMs: Date.parse(event.at), timezone: webhook.timezone })
  if (!judged.ok) await recordTrouble(database, org, triggerId, `filter: ${judged.message}`)
  else if (webhook.isTroubled) await recordTrouble(database, org, triggerId, null)
  return judged.ok && judged.value
}

async function fire(context: FiringContext, ref: WebhookRef, delivery: WebhookDelivery, event: Received): Promise<WebhookReceipt> {
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
  if (fired === null) throw nothingThere()
  if (name !== null) await setDeliveryFiring(context.tx, ref, hash, fired.firingId)
  return toReceipt(fired.firingId)
}

function toReceipt(firingId: string | null): WebhookReceipt {
  return { firingId: firingId === null ? null : encodeId('fir', firingId) }
}

function orLimited(refused: { readonly retryAfterMs: number } | null): void {
  if (refused !== null) throw problem('rate_limited', 'There are too many deliveries.', refused)
}

/** Always the same words: nobody learns whether an address exists. */
function nothingThere() {
  return problem('not_found', 'There is nothing at this address.')
}
