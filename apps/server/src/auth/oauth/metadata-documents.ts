import { type ClientDiscovery, oauthClientMetadataSchema } from '@better-auth/oauth-provider'
import { registerClientMetadataDocument } from '@better-auth/oauth-provider/internal'
import { fetchOutside, OutsideError, type OutsidePolicy } from '@orrery/kernel'
import type { GenericEndpointContext } from 'better-auth'
import { AUTHORIZE_PATH } from './addresses.ts'
import { readClientMetadata } from './client-metadata.ts'

/** A person who is asked about a client sees what its document said at most this long ago. */
const FRESH_MS = 5 * 60_000
const DOCUMENT_BYTES_MAX = 16_384
const CLIENT_ID_LENGTH_MAX = 500
const ID = 'document'

type Existing = Parameters<ClientDiscovery['resolve']>[2]

/**
 * Clients whose id is the URL of a document about them (draft-ietf-oauth-client-id-metadata-document). Who controls the URL controls the
 * client, so its host can be shown to people. A document is fetched only for a person who has logged in, and never from a private address.
 */
export function createMetadataDocuments(outside: OutsidePolicy): ClientDiscovery {
  const policy: OutsidePolicy = { ...outside, answerBytesMax: DOCUMENT_BYTES_MAX, totalMs: 10_000, redirectsMax: 0 }
  return {
    id: ID,
    matches: (clientId) => clientId.startsWith('https:'),
    discoveryMetadata: {},
    resolve: async (ctx, clientId, existing) => {
      if (ctx.path !== AUTHORIZE_PATH || isFresh(existing)) return existing
      const fault = findFault(clientId)
      if (fault !== null) return refuse(ctx, clientId, fault)
      try {
        return await readDocument(ctx, clientId, existing, policy)
      } catch (error) {
        return refuse(ctx, clientId, error instanceof OutsideError || error instanceof TypeError ? error.message : String(error))
      }
    },
  }
}

function isFresh(existing: Existing): boolean {
  return existing?.updatedAt != null && Date.now() - new Date(existing.updatedAt).getTime() < FRESH_MS
}

/** The rules for the URL (section 3 of the draft). Null: it keeps them. */
function findFault(clientId: string): string | null {
  const url = URL.parse(clientId)
  if (url === null || url.href !== clientId || clientId.length > CLIENT_ID_LENGTH_MAX) return 'the client id is not a URL in its usual form'
  if (url.pathname === '/' || url.search !== '') return 'the URL must have a path, and no query'
  return url.username !== '' || url.hash !== '' || url.protocol !== 'https:' ? 'the URL must be https, without user or fragment' : null
}

async function readDocument(ctx: GenericEndpointContext, clientId: string, existing: Existing, policy: OutsidePolicy) {
  const answer = await fetchOutside({ url: clientId, method: 'GET', headers: { accept: 'application/json' }, redirect: 'manual' }, policy)
  if (answer.status !== 200) throw new TypeError(`the document has the status ${answer.status}`)
  const read = oauthClientMetadataSchema.safeParse(parse(answer.body))
  if (!read.success || read.data.client_id !== clientId) throw new TypeError('the document is not about this client')
  const metadata = readClientMetadata(read.data)
  if ('fault' in metadata) throw new TypeError(metadata.fault)
  const { options } = ctx.context.getPlugin('oauth-provider') ?? {}
  if (options === undefined) throw new Error('The OAuth provider is missing')
  const registered = await registerClientMetadataDocument(ctx, options as never, {
    metadata: { ...metadata.kept, client_id: clientId } as never,
    clientId,
    clientDiscoveryId: ID,
    ...(existing === null ? {} : { existingClient: existing }),
  })
  return registered.client
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new TypeError('the document is not JSON')
  }
}

function refuse(ctx: GenericEndpointContext, clientId: string, why: string): null {
  ctx.context.logger.warn(`The client ${clientId.slice(0, CLIENT_ID_LENGTH_MAX)} cannot be used: ${why}`)
  return null
}
