/** Connections: credentials and addresses for outside systems. One table of kinds; all other shapes are derived from it. */
import { z } from 'zod'
import { connectionId } from '../ids.ts'
import { name, text, timestamp } from '../scalars.ts'

type Fields = Readonly<Record<string, z.ZodType>>

/** Sent as part of a header, so it must not contain a line break. */
const token = z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'Expected 1 to 4096 visible ASCII characters, without spaces')
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'Expected the name of an HTTP header')
const headerValue = z
  .string()
  .regex(/^[\x21-\x7e]([\x20-\x7e]{0,8190}[\x21-\x7e])?$/, 'Expected 1 to 8192 printable ASCII characters, without a space at either end')
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'Expected the name of an environment variable')
const host = z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}$/, 'Expected a host name or an IP address')
const port = z.number().int().min(1).max(65_535)
/** A key of 24 to 64 bytes, in the format of Standard Webhooks. */
const webhookSecret = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, 'Expected whsec_ and 24 to 64 bytes in base64')
/** Only checked to be a single line of a header. The mail tool checks whether it is an address. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern excludes them.
const sender = text(320, 3).regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, 'May not contain control characters')
/** Must not contain a user name and a password, because it is shown. */
const address = z
  .string()
  .max(2048)
  .regex(
    /^https?:\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(\/[\x21-\x7e]*)?$/,
    'Expected an http or https URL without a user name in it',
  )
  .refine((value) => URL.canParse(value), 'Expected a URL')

/** Where a secret may be sent: scheme, host and port, compared as in browsers (RFC 6454). `*.` stands for every subdomain. */
const origin = z
  .string()
  .max(300)
  .regex(
    /^https?:\/\/(\*\.)?([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$/,
    'Expected scheme, host in lower case and port, such as https://api.example.com or https://*.example.com',
  )
  .refine((value) => URL.canParse(value.replace('*.', '')), 'Expected an origin')
const origins = {
  origins: z
    .array(origin)
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'Where the secret may be sent: `https://api.example.com`, `https://*.example.com`. Default: nowhere.' }),
}

/** The encrypted part may have at most 65536 bytes, and a character up to three. */
const SEALED_LETTERS_MAX = 20_000

function small<T extends z.ZodType>(record: T): T {
  return record.refine((value) => JSON.stringify(value).length <= SEALED_LETTERS_MAX, `At most ${SEALED_LETTERS_MAX} characters as JSON`)
}

const mailServer = {
  host,
  port,
  secure: z.boolean().meta({ description: 'TLS from the first byte; otherwise STARTTLS if the server supports it.' }),
}

/** For each kind, the fields that may be shown and the secret ones. This is the only place that separates them. */
const KINDS = {
  bearer: kind('bearer', origins, { token }),
  basic: kind(
    'basic',
    { username: text(256).regex(/^[^:]*$/, 'May not contain a colon (RFC 7617)'), ...origins },
    { password: text(1024) },
  ),
  header: kind('header', { name: headerName, ...origins }, { value: headerValue }),
  smtp: kind(
    'smtp',
    {
      ...mailServer,
      username: text(256).optional(),
      from: sender.optional().meta({ description: 'The sender of mails that do not set one.' }),
    },
    { password: text(1024).optional() },
  ),
  imap: kind('imap', { ...mailServer, username: text(256) }, { password: text(1024) }),
  slack: kind('slack', {}, { token }),
  webhook: kind('webhook', {}, { secret: webhookSecret.meta({ description: 'Signs the requests that are sent (Standard Webhooks).' }) }),
  model: kind(
    'model',
    {
      provider: z.enum(['anthropic', 'openai', 'azure', 'compatible']),
      baseUrl: address.optional().meta({ description: 'Required for `azure` and `compatible`.' }),
      defaultModel: text(256).optional().meta({ description: 'The model (for Azure: the deployment) of calls that do not set one.' }),
    },
    { apiKey: token },
  ),
  mcp_http: kind('mcp_http', { url: address }, { headers: small(z.record(headerName, headerValue)).optional() }),
  mcp_stdio: kind(
    'mcp_stdio',
    { command: text(1024), args: z.array(text(4096, 0)).max(64).optional() },
    { env: small(z.record(variable, text(8192, 0))).optional() },
  ),
} as const

export type ConnectionType = keyof typeof KINDS

/** The shapes of one kind. Secrets are marked with JSON Schema's `writeOnly`: code that must not store a secret looks for it. */
function kind<T extends string, Shown extends Fields, Secret extends Fields>(type: T, shown: Shown, secret: Secret) {
  // The same fields with the same shapes, so the same type.
  const marked = Object.fromEntries(Object.entries(secret).map(([field, shape]) => [field, shape.meta({ writeOnly: true })])) as Secret
  const literal = { type: z.literal(type) }
  return {
    secretFields: Object.keys(secret),
    whole: z.strictObject({ ...literal, ...shown, ...marked }),
    shown: z.object({ ...literal, ...shown }),
    change: z.strictObject({ ...changeable(shown), ...changeable(marked), ...literal }),
  }
}

type Changeable<F extends Fields> = {
  [K in keyof F]: undefined extends z.output<F[K]> ? z.ZodNullable<F[K]> : z.ZodOptional<F[K]>
}

/** Every field may be absent. An optional field may also be null, which removes it. */
function changeable<F extends Fields>(fields: F): Changeable<F> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, shape]) => [field, shape.safeParse(undefined).success ? shape.nullable() : shape.optional()]),
  ) as Changeable<F>
}

const { bearer, basic, header, smtp, imap, slack, webhook, model, mcp_http, mcp_stdio } = KINDS

const NEEDS_ADDRESS = ['azure', 'compatible']
const modelSettings = model.whole.meta({
  allOf: [{ anyOf: [{ not: { properties: { provider: { enum: NEEDS_ADDRESS } }, required: ['provider'] } }, { required: ['baseUrl'] }] }],
})

/** With the secrets: as users set them, and as the code that uses a connection receives them. */
export const connectionSettings = z
  .discriminatedUnion('type', [
    bearer.whole,
    basic.whole,
    header.whole,
    smtp.whole,
    imap.whole,
    slack.whole,
    webhook.whole,
    modelSettings,
    mcp_http.whole,
    mcp_stdio.whole,
  ])
  .refine((settings) => settings.type !== 'model' || settings.baseUrl !== undefined || !NEEDS_ADDRESS.includes(settings.provider), {
    path: ['baseUrl'],
    message: 'Required for this provider',
  })
export type ConnectionSettings = z.infer<typeof connectionSettings>

/** The settings that an update replaces. */
export const connectionChange = z.discriminatedUnion('type', [
  bearer.change,
  basic.change,
  header.change,
  smtp.change,
  imap.change,
  slack.change,
  webhook.change,
  model.change,
  mcp_http.change,
  mcp_stdio.change,
])

const shownSettings = z.discriminatedUnion('type', [
  bearer.shown,
  basic.shown,
  header.shown,
  smtp.shown,
  imap.shown,
  slack.shown,
  webhook.shown,
  model.shown,
  mcp_http.shown,
  mcp_stdio.shown,
])

/** A name must not look like an id, so that a reference can be either. */
export const connectionName = name.refine((value) => !connectionId.safeParse(value).success, 'May not look like the id of a connection')

export const connection = z.object({
  id: connectionId,
  name: z.string(),
  settings: shownSettings.meta({ description: 'The settings without the secrets.' }),
  secretFields: z.array(z.string()).meta({ description: 'Names of the stored secrets. Their values are never shown.' }),
  createdAt: timestamp,
  updatedAt: timestamp,
})

/** The fields of a kind that are stored encrypted. */
export function secretFieldsOf(type: ConnectionType): readonly string[] {
  return KINDS[type].secretFields
}
