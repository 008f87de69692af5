import type { OAuthAddresses } from '@orrery/kernel'
import { MCP_PATH } from '../../http/paths.ts'

export const AUTHORIZE_PATH = '/oauth2/authorize'
export const TOKEN_PATH = '/oauth2/token'
export const REVOKE_PATH = '/oauth2/revoke'
export const REGISTER_PATH = '/oauth2/register'
export const CONSENT_PATH = '/oauth2/consent'
export const CONSENT_PAGE = '/consent'
export const JWKS_PATH = '/.well-known/jwks.json'

/**
 * @param people the address at which people reach this server, without a trailing slash
 * @param clients the address at which clients reach it
 */
export function oauthAddresses({ people, url: clients }: { readonly people: string; readonly url: string }): OAuthAddresses | null {
  if (people === '') return null
  return { issuer: people, resources: [...new Set([people, clients])].map((address) => `${address}${MCP_PATH}`) }
}
