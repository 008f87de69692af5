import { type Json, parseForeignJson } from '@orrery/contract'
import type { SignedDelivery } from './verify-signature.ts'

/** Headers that a run can read: they describe the delivery and contain no credentials. */
const SHOWN = [
  'content-type',
  'user-agent',
  'webhook-id',
  'webhook-timestamp',
  'svix-id',
  'svix-timestamp',
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
const IDS = ['webhook-id', 'svix-id', 'x-github-delivery', 'idempotency-key']

/**
 * Parses the body as JSON if the content type is JSON or missing, and as a form if it is one; otherwise, or if that fails, returns text.
 * Invalid UTF-8 is replaced.
 */
export function readPayload({ body, header }: SignedDelivery): Json {
  const text = new TextDecoder().decode(body)
  const type = header('content-type')
  if (type !== null && FORM.test(type)) return readForm(text)
  if (type !== null && !/\bjson\b/i.test(type)) return text
  // The content type may say JSON, and the body not be it. The run may still be able to use the text.
  const value = readJson(text)
  return value === undefined ? text : value
}

const FORM = /^\s*application\/x-www-form-urlencoded\s*(;|$)/i

/**
 * The fields of a form: a text each, or a list for a field that occurs several times. GitHub (by default) and Slack send JSON as the only
 * field `payload`: then the payload is that JSON.
 */
function readForm(text: string): Json {
  const fields = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(text)) {
    const known = fields.get(name)
    if (known === undefined) fields.set(name, [value])
    else known.push(value)
  }
  const [only = '', ...more] = fields.get('payload') ?? []
  const payload = fields.size === 1 && more.length === 0 ? readJson(only) : undefined
  if (typeof payload === 'object' && payload !== null) return payload
  return Object.fromEntries([...fields].map(([name, [first = '', ...more]]) => [name, more.length === 0 ? first : [first, ...more]]))
}

function readJson(text: string): Json | undefined {
  try {
    const value = parseForeignJson(text)
    return isShallow(value) ? value : undefined
  } catch {
    // The caller uses the text.
    return undefined
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
