import { requireConnection } from '../port/require-connection.ts'
import { type ToolContext, ToolError } from '../port/tool-port.ts'

/**
 * The header that a connection puts its secret into for a request to this address, and nothing else: a fit for `hideSecrets` too. Whoever writes the
 * address may not be whoever made the connection, so a secret goes to the origins that the connection names and nowhere else (decision 0018).
 * @throws ToolError (`ConnectionError`), final
 */
export async function authorize(context: ToolContext, nameOrId: string, url: string): Promise<Readonly<Record<string, string>>> {
  const settings = await requireConnection(context, nameOrId, ['bearer', 'basic', 'header'])
  requireOrigin(nameOrId, settings.origins, url)
  switch (settings.type) {
    case 'bearer':
      return { authorization: `Bearer ${settings.token}` }
    case 'basic':
      return { authorization: `Basic ${Buffer.from(`${settings.username}:${settings.password}`).toString('base64')}` }
    case 'header':
      return { [settings.name.toLowerCase()]: settings.value }
  }
}

function requireOrigin(connection: string, origins: readonly string[] | undefined, text: string): void {
  const url = URL.parse(text)
  if (url !== null && origins?.some((origin) => matchesOrigin(origin, url))) return
  const why =
    origins === undefined
      ? 'it names no origins, so its secret may be sent nowhere; add them to it'
      : `its origins are ${origins.join(', ')}`
  throw new ToolError('ConnectionError', `The connection ${connection} may not be used for ${url?.origin ?? 'this address'}: ${why}`, {
    isRetryable: false,
  })
}

/** Whether an address lies at `https://api.example.com`, or below `https://*.example.com`, which does not include that name itself. */
function matchesOrigin(origin: string, url: URL): boolean {
  const [, scheme = '', wildcard, rest = ''] = /^(https?:\/\/)(\*\.)?(.+)$/.exec(origin) ?? []
  const place = URL.parse(`${scheme}${rest}`)
  if (place === null) return false
  if (wildcard === undefined) return place.origin === url.origin
  return place.protocol === url.protocol && place.port === url.port && url.hostname.endsWith(`.${place.hostname}`)
}
