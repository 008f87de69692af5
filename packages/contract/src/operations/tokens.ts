import { z } from 'zod'
import { tokenPair } from '../nouns/token.ts'
import { defineOperation } from '../operation.ts'
import { PERMISSIONS, permission } from '../permissions.ts'
import { text } from '../scalars.ts'

const scopes = z
  .array(permission)
  .min(1)
  .max(PERMISSIONS.length)
  .optional()
  .meta({ description: 'Narrows the token to these scopes. Default: all scopes that the key or agent has at the time of each request.' })

export const issueToken = defineOperation({
  name: 'tokens.issue',
  summary: 'Exchange the key or secret you call with for short-lived tokens',
  description:
    'Starts a token family: an access token for 15 minutes, and a refresh token for the next pair. Revoking the key or credential ends the ' +
    'family. Only an API key or the secret of an agent’s credential can be exchanged, not a token.',
  input: z.strictObject({
    agent: text(128).optional().meta({ description: 'Id or name of the agent or key; if given, it must be that of the caller.' }),
    scopes,
    contract: z.enum(['ordinaut']).optional().meta({
      description: 'The API contract in which paths that two contracts share answer requests with these tokens. Default: Orrery’s own.',
    }),
  }),
  output: tokenPair,
  problems: ['unauthenticated', 'token.scope_too_wide'],
  permission: 'token',
  effect: 'write',
  idempotent: false,
  audit: 'token.issued',
  http: { method: 'POST', path: '/tokens', status: 201 },
  cli: { verb: 'tokens issue' },
  secrets: ['accessToken', 'refreshToken'],
})

export const refreshToken = defineOperation({
  name: 'tokens.refresh',
  summary: 'Exchange the refresh token you call with for the next tokens',
  description:
    'The refresh token is the bearer token of this request. Using it a second time ends its token family, ' +
    'because one of the two callers must have copied it.',
  input: z.strictObject({ scopes }),
  output: tokenPair,
  problems: ['unauthenticated', 'token.scope_too_wide'],
  permission: 'token',
  effect: 'write',
  idempotent: false,
  audit: 'token.refreshed',
  http: { method: 'POST', path: '/tokens/refresh' },
  secrets: ['accessToken', 'refreshToken'],
})

export const revokeToken = defineOperation({
  name: 'tokens.revoke',
  summary: 'End the token family of the token you call with',
  description:
    'All its access and refresh tokens stop working. Called with an API key or the secret of a credential, it ends all their token families.',
  input: z.strictObject({}),
  output: z.object({ revoked: z.literal(true) }),
  problems: [],
  permission: 'token',
  effect: 'write',
  idempotent: true,
  audit: 'token.revoked',
  http: { method: 'POST', path: '/tokens/revoke' },
  cli: { verb: 'tokens revoke' },
})
