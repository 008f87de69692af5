import type { Json } from '@orrery/contract'
import { asObject, asText, UnreadableOperation } from './document.ts'
import type { OpenApiOptions } from './operation-context.ts'

const URL_LETTERS_MAX = 2048

/** The URL of a Server Object with its variables at their defaults. @throws UnreadableOperation if the URL cannot be called */
export function readBaseUrl(server: Json | undefined, { documentUrl, baseUrl }: OpenApiOptions): string {
  if (baseUrl !== undefined) return trim(baseUrl)
  const { url, variables } = asObject(server) ?? {}
  const template = asText(url) ?? '/'
  const filled = template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => asText(asObject(asObject(variables)?.[name])?.default) ?? '')
  // The regular expressions below search the URL several times, and definitions reject a longer URL anyway.
  if (filled.length > URL_LETTERS_MAX) throw new UnreadableOperation(`The URL of its server has more than ${URL_LETTERS_MAX} characters`)
  const address = URL.parse(filled, documentUrl)
  if (address === null) throw new UnreadableOperation('The document has no absolute URL of its server; pass baseUrl')
  if (!/^https?:$/.test(address.protocol)) throw new UnreadableOperation(`Its server uses ${address.protocol} instead of HTTP`)
  if (address.username !== '' || address.password !== '') throw new UnreadableOperation('The URL of its server contains credentials')
  return trim(address.href)
}

function trim(url: string): string {
  return url.replace(/[?#].*$/, '').replace(/\/+$/, '')
}
