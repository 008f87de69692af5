/** Logins of command lines, which a person approves in a browser (device authorization, RFC 8628). */
import { randomInt } from 'node:crypto'
import { readLoginToken, signLoginToken } from '@orrery/kernel'
import type { BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api'
import { deviceAuthorization } from 'better-auth/plugins'
import { ADDRESS_HEADER } from './request-headers.ts'

interface ApprovedCode {
  readonly approved_method: string | null
}

/** The only client that may ask for codes. */
const CLI_CLIENT = 'orrery-cli'
/** 20 letters that are no vowels and look like no other (RFC 8628 6.1): eight of them are one of 26 billion codes. */
const USER_CODE_LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const USER_CODE_LENGTH = 8
/** How long a code that is too old is kept, so that its page can say so. */
const KEEP_MS = 3_600_000
const MACHINE_LENGTH_MAX = 200

/**
 * @param url the address at which people reach this server
 * @param secret signs what a command line gets, as it signs cookies
 */
export function devicePlugins(url: string, secret: string) {
  return [rulesOf(secret), deviceAuthorization(flow(url))] as const
}

function flow(url: string) {
  return {
    expiresIn: '10m',
    interval: '5s',
    generateUserCode: () => Array.from({ length: USER_CODE_LENGTH }, () => USER_CODE_LETTERS[randomInt(USER_CODE_LETTERS.length)]).join(''),
    validateClient: (client: string) => client === CLI_CLIENT,
    verificationUri: `${url}/device`,
    schema: {
      deviceCode: {
        modelName: 'device_code',
        fields: {
          deviceCode: 'device_code',
          userCode: 'user_code',
          userId: 'person_id',
          expiresAt: 'expires_at',
          lastPolledAt: 'last_polled_at',
          pollingInterval: 'polling_interval',
          clientId: 'client_id',
        },
      },
    },
    grant: {
      requestSchemaFields: {},
      deviceCodeSchemaFields: {
        machine: { type: 'string', required: true },
        address: { type: 'string', required: false },
        approved_method: { type: 'string', required: false },
      },
      authorizeRequest: ({ ctx, request }) => {
        if (request.client_id !== CLI_CLIENT) throw refuse('invalid_client', `Expected the client_id ${CLI_CLIENT}.`)
        if (request.user_id !== undefined) throw refuse('invalid_request', 'user_id is not a parameter.')
        if (request.scope !== undefined) throw refuse('invalid_scope', 'A login has the permissions of the person, no scopes.')
        const machine = (ctx.headers?.get('user-agent') ?? 'unknown').slice(0, MACHINE_LENGTH_MAX)
        return { clientId: CLI_CLIENT, deviceCodeFields: { machine, address: ctx.headers?.get(ADDRESS_HEADER) ?? null } }
      },
      assertSessionRedemption: () => undefined,
      getVerificationContext: ({ machine, address }) => ({ machine, address }),
    },
  } satisfies Parameters<typeof deviceAuthorization>[0]
}

/** What we add to the library's endpoints. Its rate rules are by network address. */
function rulesOf(secret: string) {
  const rate = (path: string, max: number, window: number) => ({ pathMatcher: (asked: string) => asked === path, max, window })
  return {
    id: 'orrery-devices',
    // Ten people behind one address poll 120 times a minute.
    rateLimit: [
      rate('/device/code', 20, 60),
      rate('/device/token', 300, 60),
      rate('/device', 20, 600),
      rate('/device/approve', 20, 600),
      rate('/device/deny', 20, 600),
    ],
    schema: { session: { fields: { client: { type: 'string', required: false, input: false } } } },
    init: () => ({
      options: {
        databaseHooks: {
          session: {
            create: {
              before: async (session, context) =>
                context?.path === '/device/token' ? { data: { ...session, client: CLI_CLIENT } } : undefined,
            },
          },
        },
      },
    }),
    hooks: { before: beforeHooks(secret), after: afterHooks(secret) },
  } satisfies BetterAuthPlugin
}

const at = (path: string) => ({ matcher: (context: { path?: string | undefined }) => context.path === path })

function beforeHooks(secret: string) {
  return [
    {
      ...at('/device/code'),
      handler: createAuthMiddleware(async ({ context }) => {
        const value = new Date(Date.now() - KEEP_MS)
        await context.adapter.deleteMany({ model: 'deviceCode', where: [{ field: 'expiresAt', operator: 'lt', value }] })
      }),
    },
    {
      ...at('/device/token'),
      handler: createAuthMiddleware(async ({ body, context }) => {
        const value = unseal(secret, body?.device_code)
        const row = await context.adapter.findOne<ApprovedCode>({ model: 'deviceCode', where: [{ field: 'deviceCode', value }] })
        return { context: { body: { ...body, device_code: value }, approvedMethod: row?.approved_method ?? null } }
      }),
    },
    {
      ...at('/device'),
      handler: createAuthMiddleware(async (ctx) => {
        // A caller without a login does not learn which codes exist.
        if ((await getSessionFromCtx(ctx)) === null)
          throw new APIError('UNAUTHORIZED', { error: 'unauthorized', error_description: 'Log in first.' })
        return { context: { query: { ...ctx.query, user_code: readUserCode(ctx.query?.user_code) } } }
      }),
    },
    ...['/device/approve', '/device/deny'].map((path) => ({
      ...at(path),
      handler: createAuthMiddleware(async ({ body }) => ({ context: { body: { userCode: readUserCode(body?.userCode) } } })),
    })),
  ]
}

function afterHooks(secret: string) {
  return [
    {
      ...at('/device/code'),
      handler: createAuthMiddleware(async (ctx) => {
        const made = ctx.context.returned
        if (!hasTexts(made, 'device_code', 'user_code')) return
        return ctx.json({ ...made, device_code: seal(secret, made.device_code), user_code: made.user_code.replace(/^.{4}/, '$&-') })
      }),
    },
    {
      ...at('/device/approve'),
      handler: createAuthMiddleware(async ({ body, context }) => {
        const { session, returned, adapter } = context
        if (isAPIError(returned) || session === null) return
        const where = [{ field: 'userCode', value: readUserCode(body?.userCode) }]
        await adapter.update({ model: 'deviceCode', where, update: { approved_method: session.session.method ?? null } })
      }),
    },
    {
      ...at('/device/token'),
      handler: createAuthMiddleware(async (ctx) => {
        const made = ctx.context.returned
        if (!hasTexts(made, 'access_token')) return
        return ctx.json({ ...made, access_token: signLoginToken(secret, made.access_token) })
      }),
    },
  ]
}

/** The prefix keeps a signed device code from being taken for a login. */
const seal = (secret: string, code: string): string => signLoginToken(secret, `device:${code}`)

function unseal(secret: string, given: unknown): string {
  const read = typeof given === 'string' ? readLoginToken(secret, given) : null
  if (read === null || !read.startsWith('device:')) throw refuse('invalid_grant', 'The device code is not one of this server.')
  return read.slice('device:'.length)
}

/** As it is stored. People type it in any case, with or without the dash. */
function readUserCode(given: unknown): string {
  const code = typeof given === 'string' ? given.replaceAll(/[\s-]/g, '').toUpperCase() : ''
  if (code.length === USER_CODE_LENGTH && [...code].every((letter) => USER_CODE_LETTERS.includes(letter))) return code
  throw refuse('invalid_request', `A code has ${USER_CODE_LENGTH} letters, such as BCDF-GHJK.`)
}

function refuse(error: string, description: string): APIError {
  return new APIError('BAD_REQUEST', { error, error_description: description })
}

function hasTexts<Name extends string>(value: unknown, ...names: readonly Name[]): value is Record<Name, string> {
  return typeof value === 'object' && value !== null && names.every((name) => typeof (value as Record<string, unknown>)[name] === 'string')
}
