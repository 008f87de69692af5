import { requireConnection } from '../port/require-connection.ts'
import { type ToolContext, ToolError } from '../port/tool-port.ts'

/**
 * Returns the one header that carries the secret of a connection; its value can also be passed to `hideSecrets`. The author of the URL may
 * not be the author of the connection, so a secret is only sent to the origins that the connection lists (decision 0018).
 * @throws ToolError (`ConnectionError`), not retryable
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
      ? 'it lists no origins, so its secret cannot be sent anywhere; add `origins` to it'
      : `its origins are ${origins.join(', ')}`
  throw new ToolError('ConnectionError', `The connection ${connection} may not be used for ${url?.origin ?? 'this address'}: ${why}`, {
    isRetryable: false,
  })
}

/** `https://*.example.com` matches every subdomain, but not `https://example.com` itself. */
function matchesOrigin(origin: string, url: URL): boolean {
  const [, scheme = '', wildcard, rest = ''] = /^(https?:\/\/)(\*\.)?(.+)$/.exec(origin) ?? []
  const pattern = URL.parse(`${scheme}${rest}`)
  if (pattern === null) return false
  if (wildcard === undefined) return pattern.origin === url.origin
  return pattern.protocol === url.protocol && pattern.port === url.port && url.hostname.endsWith(`.${pattern.hostname}`)
}
