import { type Json, parseForeignJson } from '@orrery/contract'
import { isDeeperThan, type OutsideAnswer } from '@orrery/kernel'

const DEPTH_MAX = 100

interface ReadAnswer {
  readonly headers: { [name: string]: string }
  readonly body: Json
  readonly encoding: 'json' | 'text' | 'base64'
}

/**
 * Converts an answer to JSON values. A body that claims to be JSON but does not parse is returned as text. The result is journalled, so
 * `set-cookie` is left out: cookies are credentials.
 */
export function readAnswer({ headers, body }: OutsideAnswer, hide: (text: string) => string): ReadAnswer {
  const shown = [...headers].filter(([name]) => name !== 'set-cookie')
  const kept = Object.fromEntries(shown.map(([name, value]) => [name, hide(value)]))
  const text = decode(body, headers.get('content-type') ?? '')
  if (text === null) return { headers: kept, body: Buffer.from(body).toString('base64'), encoding: 'base64' }
  const parsed = /^[^;]*[/+]json\b/i.test(headers.get('content-type') ?? '') ? parse(text) : undefined
  // JSON can escape one string in many ways (`\/` for a slash). Serialize it again, so that each secret has one form.
  const shownBody = parsed === undefined ? undefined : parse(hide(JSON.stringify(parsed)))
  if (shownBody === undefined) return { headers: kept, body: hide(text), encoding: 'text' }
  return { headers: kept, body: shownBody, encoding: 'json' }
}

/** Null if the bytes are not text in their declared encoding. */
function decode(body: Uint8Array, contentType: string): string | null {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(body)
    return text.includes('\u0000') ? null : text
  } catch {
    // The encoding is unknown, or the bytes are not valid in it. Either way the body is binary.
    return null
  }
}

function parse(text: string): Json | undefined {
  try {
    const value = parseForeignJson(text)
    return isDeeperThan(value, DEPTH_MAX) ? undefined : value
  } catch {
    // The content type is wrong: the body is not JSON. The caller returns it as text.
    return undefined
  }
}
