import { readBody } from '../http/read-body.ts'
import type { ServerContext } from '../http/request-info.ts'
import type { ClientLogin } from './attempt-login.ts'
import { OAuthError } from './oauth-error.ts'

/** Small, because these bodies are read before the caller is authenticated. */
const BODY_BYTES_MAX = 16_384

/** The parameters of a form by name. Those without a value are treated as omitted (RFC 6749 3.2). */
export type Form = ReadonlyMap<string, string>

/** Who sent a form. Null: it does not say, or has no secret. */
export interface SentClient {
  readonly id: string | null
  readonly secret: string | null
}

export function isForm(request: Request): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers.get('content-type') ?? '')
}

/** @throws invalid_request for a parameter that is there twice; payload_too_large */
export async function readForm({ req }: ServerContext): Promise<Form> {
  const form = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(await readBody(req.raw, BODY_BYTES_MAX))) {
    if (form.has(name)) throw new OAuthError('invalid_request', `The parameter ${name.slice(0, 40)} was sent twice.`)
    form.set(name, value)
  }
  return new Map([...form].filter(([, value]) => value !== ''))
}

/** A parameter that the request must have. @throws invalid_request */
export function requireParameter(form: Form, name: string): string {
  const value = form.get(name)
  if (value === undefined) throw new OAuthError('invalid_request', `The parameter ${name} is missing.`)
  return value
}

/** The client, from HTTP Basic or the body (RFC 6749 2.3.1). @throws invalid_request if it used both, invalid_client for another scheme */
export function readClient({ req }: ServerContext, form: Form): SentClient {
  const header = req.header('authorization')
  const sent = { id: form.get('client_id') ?? null, secret: form.get('client_secret') ?? null }
  if (header === undefined) return sent
  const basic = readBasic(header)
  if (sent.secret !== null || (sent.id !== null && sent.id !== basic.agent)) {
    throw new OAuthError('invalid_request', 'Send the client either in the header Authorization or in the body.')
  }
  return { id: basic.agent, secret: basic.secret }
}

function readBasic(header: string): ClientLogin {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header)?.[1]
  const [, agent, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? []
  if (agent === undefined || secret === undefined) throw new OAuthError('invalid_client', 'Send the client by HTTP Basic, or in the body.')
  return { agent: decodePart(agent), secret: decodePart(secret) }
}

/** Both parts are encoded as in a form. */
function decodePart(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause
    throw new OAuthError('invalid_client', 'The header Authorization is not encoded as RFC 6749 2.3.1 says.')
  }
}
