import type { Json } from '@orrery/contract'
import type { SignedDelivery } from './verify-signature.ts'

/** What a run may see of the headers: what says what was sent, nothing that lets anybody in. */
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
const HEADER_MAX = 1000
/** Deeper than this, walking through it could end a process. */
const DEPTH_MAX = 100

/** The names that senders give their deliveries: one that comes again has the same. */
const IDS = ['webhook-id', 'x-github-delivery', 'idempotency-key']

/** JSON where it is said to be some, or nothing is said, and is; otherwise text. What is no UTF-8 is replaced. */
export function readPayload({ body, header }: SignedDelivery): Json {
  const text = new TextDecoder().decode(body)
  const type = header('content-type')
  if (type !== null && !/\bjson\b/i.test(type)) return text
  try {
    const value = JSON.parse(text) as Json
    return isShallow(value) ? value : text
  } catch {
    // Not JSON, whatever it is called: the run may still know what to do with it.
    return text
  }
}

export function readHeaders({ header }: SignedDelivery): { [name: string]: Json } {
  return Object.fromEntries(
    SHOWN.flatMap((name) => {
      const value = header(name)
      return value === null ? [] : [[name, value.slice(0, HEADER_MAX)] as const]
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
