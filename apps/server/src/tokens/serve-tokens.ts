/**
 * What OAuth clients use of tokens: `POST /auth/token` with client credentials or a refresh token (RFC 6749 4.4 and 6), `POST /auth/revoke`
 * (RFC 7009), and the public key that verifies access tokens (RFC 7517). Both addresses take forms here; Ordinaut's contract takes JSON there.
 */
import { type OutputOf, type Permission, ProblemError, permission } from '@orrery/contract'
import { type Identity, isNamed } from '@orrery/kernel'
import { Hono, type MiddlewareHandler } from 'hono'
import { JWKS_PATH } from '../auth/oauth/addresses.ts'
import type { Backend } from '../backend.ts'
import { answerProblem, toProblem } from '../http/answer-problem.ts'
import { readCaller } from '../http/read-caller.ts'
import type { ServerContext, ServerEnv } from '../http/request-info.ts'
import { attemptLogin } from './attempt-login.ts'
import { answerJson, answerOAuthError, OAuthError, type OAuthErrorCode } from './oauth-error.ts'
import { type Form, isForm, readClient, readForm, requireParameter, type SentClient } from './read-form.ts'

/** How long others may keep the public key. */
const KEYS_FOR_S = 300

type FormHandler = (backend: Backend, context: ServerContext, form: Form) => Promise<Response>

export function serveTokens(backend: Backend): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  app.post('/auth/token', answerForm(backend, answerToken))
  app.post('/auth/revoke', answerForm(backend, answerRevocation))
  app.get(JWKS_PATH, () =>
    Response.json(
      { keys: [backend.tokenKey] },
      { headers: { 'Cache-Control': `public, max-age=${KEYS_FOR_S}`, 'Cross-Origin-Resource-Policy': 'cross-origin' } },
    ),
  )
  return app
}

/** Passes on what is not a form. */
function answerForm(backend: Backend, handle: FormHandler): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    if (!isForm(context.req.raw)) return next()
    try {
      return await handle(backend, context, await readForm(context))
    } catch (error) {
      if (error instanceof OAuthError) return answerOAuthError(error)
      const { info } = context.var
      const shown = toProblem(error, info, backend.log, context.req.path)
      if (shown.code === 'invalid_input') return answerOAuthError(new OAuthError('invalid_request', shown.detail ?? shown.title))
      return answerProblem(context, shown)
    }
  }
}

async function answerToken(backend: Backend, context: ServerContext, form: Form): Promise<Response> {
  const grant = requireParameter(form, 'grant_type')
  const scopes = readScopes(form)
  if (grant === 'client_credentials') return show(await issue(backend, context, readClient(context, form), scopes))
  if (grant === 'refresh_token') return show(await refresh(backend, context, form, scopes))
  throw new OAuthError('unsupported_grant_type', 'Expected client_credentials or refresh_token.')
}

type Scopes = { readonly scopes?: Permission[] }

async function issue(backend: Backend, context: ServerContext, { id: agent, secret }: SentClient, scopes: Scopes) {
  if (agent === null || secret === null) throw new OAuthError('invalid_client', 'Send the id of the agent and the secret of a credential.')
  const attempt = () => callAs(backend, context, 'tokens.issue', secret, { agent, ...scopes })
  return await translate(attemptLogin(backend, context, { agent, secret }, attempt), 'invalid_client', 'The client or its secret is wrong.')
}

async function refresh(backend: Backend, context: ServerContext, form: Form, scopes: Scopes) {
  const token = requireParameter(form, 'refresh_token')
  const wrong = 'The refresh token is not valid, was used before, or belongs to another client.'
  const holder = await translate(backend.identifyAny({ ...readCaller(context, 'rest'), credential: token }), 'invalid_grant', wrong)
  await requireClient(backend, context, form, holder)
  return await translate(callAs(backend, context, 'tokens.refresh', token, scopes), 'invalid_grant', wrong)
}

/** A token that is not valid is as good as revoked (RFC 7009 2.2). Only tokens are revoked here, not the keys and secrets behind them. */
async function answerRevocation(backend: Backend, context: ServerContext, form: Form): Promise<Response> {
  const token = requireParameter(form, 'token')
  const holder = await orNull(backend.identifyAny({ ...readCaller(context, 'rest'), credential: token }))
  await requireClient(backend, context, form, holder)
  if (holder?.token !== undefined) await orNull(callAs(backend, context, 'tokens.revoke', token, {}))
  return answerJson({})
}

/**
 * A client that identifies itself must be the one that the token belongs to; with a secret, it must be able to. @param holder the caller that
 * the token stands for; null: none. @throws invalid_client, invalid_grant
 */
async function requireClient(backend: Backend, context: ServerContext, form: Form, holder: Identity | null): Promise<void> {
  const { id, secret } = readClient(context, form)
  if (secret !== null) {
    const wrong = 'The client or its secret is wrong.'
    const attempt = async (): Promise<Identity> => backend.identifyAny({ ...readCaller(context, 'rest'), credential: secret })
    const client = await translate(attemptLogin(backend, context, { agent: id ?? '', secret }, attempt), 'invalid_client', wrong)
    if (client.token !== undefined || id === null || !isNamed(client.actor, id)) throw new OAuthError('invalid_client', wrong)
  }
  if (id !== null && holder !== null && !isNamed(holder.actor, id)) {
    throw new OAuthError('invalid_grant', 'The token belongs to another client.')
  }
}

/** No idempotency key: a stored answer would contain no tokens. */
async function callAs<N extends 'tokens.issue' | 'tokens.refresh' | 'tokens.revoke'>(
  backend: Backend,
  context: ServerContext,
  name: N,
  credential: string,
  input: object,
): Promise<OutputOf<N>> {
  context.var.info.operation = name
  return (await backend.call(name, { ...readCaller(context, 'rest'), credential }, input)).output as OutputOf<N>
}

async function translate<T>(attempt: Promise<T>, code: OAuthErrorCode, description: string): Promise<T> {
  try {
    return await attempt
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    if (error.code === 'unauthenticated') throw new OAuthError(code, description)
    if (error.code === 'token.scope_too_wide') throw new OAuthError('invalid_scope', error.detail)
    throw error
  }
}

async function orNull<T>(attempt: Promise<T>): Promise<T | null> {
  try {
    return await attempt
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'unauthenticated') return null
    throw error
  }
}

/** Scopes with spaces between them (RFC 6749 3.3). @throws invalid_scope */
function readScopes(form: Form): Scopes {
  const asked = form.get('scope')
  if (asked === undefined) return {}
  const scopes = new Set<Permission>()
  for (const word of asked.split(' ')) {
    const known = permission.safeParse(word)
    if (!known.success) throw new OAuthError('invalid_scope', `There is no scope ${word.slice(0, 40)}.`)
    scopes.add(known.data)
  }
  return { scopes: [...scopes] }
}

function show({ accessToken, refreshToken, expiresInSeconds, scopes }: OutputOf<'tokens.issue'>): Response {
  return answerJson({
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    refresh_token: refreshToken,
    scope: scopes.join(' '),
  })
}
