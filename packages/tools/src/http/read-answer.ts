import type { Json } from '@orrery/contract'
import { isDeeperThan, type OutsideAnswer } from '@orrery/kernel'

const DEPTH_MAX = 100

interface ReadAnswer {
  readonly headers: { [name: string]: string }
  readonly body: Json
  readonly encoding: 'json' | 'text' | 'base64'
}

/**
 * An answer as JSON can hold it. What says that it is JSON and is none is given as the text it is. Cookies are credentials, and what is read
 * here is journalled, so they are left out.
 */
export function readAnswer({ headers, body }: OutsideAnswer, hide: (text: string) => string): ReadAnswer {
  const shown = [...headers].filter(([name]) => name !== 'set-cookie')
  const kept = Object.fromEntries(shown.map(([name, value]) => [name, hide(value)]))
  const text = decode(body, headers.get('content-type') ?? '')
  if (text === null) return { headers: kept, body: Buffer.from(body).toString('base64'), encoding: 'base64' }
  const parsed = /^[^;]*[/+]json\b/i.test(headers.get('content-type') ?? '') ? parse(text) : undefined
  // JSON has many ways to write one text (`\/` for a slash): in our own writing each secret has one form.
  const shownBody = parsed === undefined ? undefined : parse(hide(JSON.stringify(parsed)))
  if (shownBody === undefined) return { headers: kept, body: hide(text), encoding: 'text' }
  return { headers: kept, body: shownBody, encoding: 'json' }
}

/** Null if these bytes are no text in the encoding that they claim. */
function decode(body: Uint8Array, contentType: string): string | null {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1] ?? 'utf-8'
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(body)
    return text.includes('\u0000') ? null : text
  } catch {
    // Its two errors (no such encoding, not in this encoding) mean the same to a reader: bytes.
    return null
  }
}

function parse(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json
    return isDeeperThan(value, DEPTH_MAX) ? undefined : value
  } catch {
    // Not JSON, whatever its type says: it is given as text, which is what can be looked at.
    return undefined
  }
}
