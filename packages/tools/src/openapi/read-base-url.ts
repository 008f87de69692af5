import type { Json } from '@orrery/contract'
import { asObject, asText, UnreadableOperation } from './document.ts'
import type { OpenApiOptions } from './operation-place.ts'

const URL_LETTERS_MAX = 2048

/** The address of a Server Object, its variables at their defaults. @throws UnreadableOperation if there is none that can be called */
export function readBaseUrl(server: Json | undefined, { documentUrl, baseUrl }: OpenApiOptions): string {
  if (baseUrl !== undefined) return trim(baseUrl)
  const { url, variables } = asObject(server) ?? {}
  const template = asText(url) ?? '/'
  const filled = template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => asText(asObject(asObject(variables)?.[name])?.default) ?? '')
  // It is searched several times, and no tool takes a longer one.
  if (filled.length > URL_LETTERS_MAX)
    throw new UnreadableOperation(`The address of its server has more than ${URL_LETTERS_MAX} characters`)
  const address = URL.parse(filled, documentUrl)
  if (address === null) throw new UnreadableOperation('The document says no whole address of its server; give baseUrl')
  if (!/^https?:$/.test(address.protocol)) throw new UnreadableOperation(`Its server is not reached by HTTP but by ${address.protocol}`)
  if (address.username !== '' || address.password !== '') throw new UnreadableOperation('The address of its server has a user name in it')
  return trim(address.href)
}

function trim(url: string): string {
  return url.replace(/[?#].*$/, '').replace(/\/+$/, '')
}
