import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { encodeId, type Id, ProblemError, problem } from '@orrery/contract'
import { classifyFailure, createRateLimiter, type Kernel, SecretError } from '@orrery/kernel'
import { type FiringScene, inScene } from '../scene.ts'
import { fireOnce } from '../triggers/fire-once.ts'
import { judgeExpression } from '../triggers/judge-expression.ts'
import { noteTrouble } from '../triggers/note-trouble.ts'
import { findWebhook, keepDelivery, selectWebhook, settleDelivery, type WebhookPlace, type WebhookRow } from '../webhook-store.ts'
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
export function createWebhookReceiver(host: Kernel): (delivery: WebhookDelivery) => Promise<WebhookReceipt> {
  const now = () => performance.now()
  const limitDeliveries = createRateLimiter(DELIVERIES, now)
  const limitLookups = createRateLimiter(LOOKUPS, now)
  const take = async (delivery: WebhookDelivery): Promise<WebhookReceipt> => {
    if (!isWebhookToken(delivery.token)) throw nothingThere()
    const hash = hashWebhookToken(delivery.token)
    orLimited(limitLookups('lookup'))
    const place = await findWebhook(host.database, hash)
    if (place === null) throw nothingThere()
    orLimited(limitDeliveries(place.triggerId))
    const { webhook, receive } = await admit(host, place, hash, delivery)
    if (!(await passes(host, place, webhook, receive))) return { firingId: null }
    return await inScene(host, place.org, (scene) => fire(scene, place, delivery, receive))
  }
  return async (delivery) => {
    try {
      return await take(delivery)
    } catch (error) {
      if (error instanceof ProblemError) throw error
      host.log.error({ error }, 'A delivery at a webhook failed')
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
async function admit(host: Kernel, place: WebhookPlace, hash: Buffer, delivery: WebhookDelivery) {
  const webhook = await host.database.transaction(place.org, 'read only', (tx) => selectWebhook(tx, place.org, place.triggerId))
  // The index found equal bytes already; comparing again in constant time keeps that from resting on the index alone.
  if (webhook?.tokenHash == null || !timingSafeEqual(webhook.tokenHash, hash)) throw nothingThere()
  if (!isSigned(host, place, webhook, delivery)) throw nothingThere()
  return { webhook, receive: read(delivery, host.clock.now()) }
}

function isSigned(host: Kernel, place: WebhookPlace, { definition, signingSecret }: WebhookRow, delivery: WebhookDelivery): boolean {
  const { signature = 'none' } = definition
  if (signature === 'none') return true
  if (signingSecret === null) return false
  try {
    return verifySignature(signature, openSigningSecret(host.secretKeys, place, signingSecret), delivery, host.clock.now())
  } catch (error) {
    if (!(error instanceof SecretError)) throw error
    host.log.warn({ trigger: place.triggerId, reason: error.message }, 'The signing secret of a webhook does not open; rotate it')
    return false
  }
}

async function passes({ database }: Kernel, { org, triggerId }: WebhookPlace, webhook: WebhookRow, event: Received): Promise<boolean> {
  const { filter } = webhook.definition
  if (filter === undefined) return true
  const judged = judgeExpression(filter, { event }, { nowMs: Date.parse(event.at), timezone: webhook.timezone })
  if (!judged.ok) await noteTrouble(database, org, triggerId, `filter: ${judged.message}`)
  else if (webhook.isTroubled) await noteTrouble(database, org, triggerId, null)
  return judged.ok && judged.value
}

async function fire(scene: FiringScene, place: WebhookPlace, delivery: WebhookDelivery, event: Received): Promise<WebhookReceipt> {
  const name = deliveryName(delivery)
  const hash = createHash('sha256')
    .update(name ?? randomUUID())
    .digest()
  if (name !== null) {
    const kept = await keepDelivery(scene.tx, place, hash, new Date(scene.nowMs))
    if (!kept.isNew) return toReceipt(kept.firingId)
  }
  const cause = { kind: 'webhook', deliveryId: hash.toString('hex'), atMs: Math.floor(scene.nowMs) } as const
  const fired = await fireOnce(scene, { triggerId: place.triggerId, cause, event }, null)
  if (fired === null) throw nothingThere()
  if (name !== null) await settleDelivery(scene.tx, place, hash, fired.firingId)
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
