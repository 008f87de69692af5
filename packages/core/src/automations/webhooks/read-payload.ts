import type { Json } from '@orrery/contract'
import type { SignedDelivery } from './verify-signature.ts'

/** Headers that a run can read: they describe the delivery and contain no credentials. */
const SHOWN = [
  'content-type',
  'user-agent',
  'webhook-id',
  'webhook-timestamp',
  'x-github-event',
  'x-github-delivery',
  'x-gitlab-event',
  'x-event-type',
  'x-request-id',
]
const HEADER_CHARS_MAX = 1000
/** Recursion over JSON that is nested deeper could exhaust the stack and end the process. */
const DEPTH_MAX = 100

/** Headers with the sender's id of a delivery. A repeated delivery has the same id. */
const IDS = ['webhook-id', 'x-github-delivery', 'idempotency-key']

/** Parses the body as JSON if the content type is JSON or missing; otherwise, or if that fails, returns text. Invalid UTF-8 is replaced. */
export function readPayload({ body, header }: SignedDelivery): Json {
  const text = new TextDecoder().decode(body)
  const type = header('content-type')
  if (type !== null && !/\bjson\b/i.test(type)) return text
  try {
    const value = JSON.parse(text) as Json
    return isShallow(value) ? value : text
  } catch {
    // The content type says JSON, but the body is not. The run may still be able to use the text.
    return text
  }
}

export function readHeaders({ header }: SignedDelivery): { [name: string]: Json } {
  return Object.fromEntries(
    SHOWN.flatMap((name) => {
      const value = header(name)
      return value === null ? [] : [[name, value.slice(0, HEADER_CHARS_MAX)] as const]
    }),
  )
}

export function deliveryName({ header }: SignedDelivery): string | null {
  for (const name of IDS) {
    const value = header(name)
    if (value) return `${name}:${value}`
  }
  return null
}

function isShallow(value: Json): boolean {
  let level: Json[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) return false
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
  return true
}
