import { DEFAULT_OAUTH_SCOPE, OAUTH_SCOPES, type OAuthAddresses } from '@orrery/kernel'
import { Hono } from 'hono'
import { AUTH_PATH, MCP_PATH } from '../../http/paths.ts'
import type { ServerContext, ServerEnv } from '../../http/request-info.ts'
import { AUTHORIZE_PATH, JWKS_PATH, REGISTER_PATH, REVOKE_PATH, TOKEN_PATH } from './addresses.ts'
import { CLIENT_AUTH_METHODS } from './client-metadata.ts'

const RESOURCE_PATH = '/.well-known/oauth-protected-resource'
const SERVER_PATH = '/.well-known/oauth-authorization-server'

/** The documents by which clients find their way: RFC 9728 and RFC 8414. */
export function serveMetadata(addresses: () => OAuthAddresses): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  const resource = (context: ServerContext) => answer(describeResource(addresses(), findResource(addresses(), context.req.raw)))
  app.get(RESOURCE_PATH, resource)
  app.get(`${RESOURCE_PATH}${MCP_PATH}`, resource)
  app.get(SERVER_PATH, () => answer(describeServer(addresses())))
  return app
}

/** The `WWW-Authenticate` of a request to MCP without a good token. */
export function challengeOf(addresses: OAuthAddresses | null, request: Request, fault: 'invalid_token' | null): string | null {
  if (addresses === null) return null
  const error = fault === null ? '' : `, error="${fault}"`
  return `Bearer realm="orrery"${error}, ${pointTo(addresses, request)}, scope="${DEFAULT_OAUTH_SCOPE}"`
}

/** The `WWW-Authenticate` of a request to MCP whose token does not suffice. @param scopes what would: what it has, and what it lacks */
export function stepUpChallenge(addresses: OAuthAddresses, request: Request, scopes: readonly string[]): string {
  return `Bearer realm="orrery", error="insufficient_scope", scope="${scopes.join(' ')}", ${pointTo(addresses, request)}`
}

function pointTo(addresses: OAuthAddresses, request: Request): string {
  const { origin } = new URL(findResource(addresses, request))
  return `resource_metadata="${origin}${RESOURCE_PATH}${MCP_PATH}"`
}

/** The resource under the name by which the client reaches this server: clients compare it with the address that they were given. */
function findResource({ resources }: OAuthAddresses, request: Request): string {
  const host = request.headers.get('host')
  return resources.find((one) => new URL(one).host === host) ?? resources[0] ?? ''
}

function describeResource({ issuer }: OAuthAddresses, resource: string) {
  return {
    resource,
    resource_name: 'Orrery',
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    // To begin with. A tool that needs more says so.
    scopes_supported: [DEFAULT_OAUTH_SCOPE],
    resource_documentation: `${issuer}/docs`,
  }
}

function describeServer({ issuer }: OAuthAddresses) {
  const at = (path: string): string => `${issuer}${AUTH_PATH}${path}`
  return {
    issuer,
    authorization_endpoint: at(AUTHORIZE_PATH),
    token_endpoint: at(TOKEN_PATH),
    registration_endpoint: at(REGISTER_PATH),
    revocation_endpoint: at(REVOKE_PATH),
    jwks_uri: `${issuer}${JWKS_PATH}`,
    scopes_supported: OAUTH_SCOPES,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
  }
}

function answer(document: unknown): Response {
  return new Response(JSON.stringify(document), { headers: { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=60' } })
}
