/** Connections: what is needed to talk to an outside system. One table of kinds; every other shape follows from it. */
import { z } from 'zod'
import { connectionId } from '../ids.ts'
import { name, text, timestamp } from '../scalars.ts'

type Fields = Readonly<Record<string, z.ZodType>>

/** What is sent as part of a header: no line can be ended in it. */
const token = z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'Expected 1 to 4096 visible ASCII characters, without spaces')
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'Expected the name of an HTTP header')
const headerValue = z
  .string()
  .regex(/^[\x21-\x7e]([\x20-\x7e]{0,8190}[\x21-\x7e])?$/, 'Expected 1 to 8192 printable ASCII characters, no space at either end')
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'Expected the name of an environment variable')
const host = z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}$/, 'Expected a host name or an IP address')
const port = z.number().int().min(1).max(65_535)
/** A key of 24 to 64 bytes, as Standard Webhooks writes it. */
const webhookSecret = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, 'Expected whsec_ and 24 to 64 bytes in base64')
/** Whether it is an address is checked where it is used; here only that it is one line of a header. */
const sender = text(320, 3).regex(/^\P{Cc}*$/u, 'May not contain control characters')
/** A user name and a password in it would be shown. */
const address = z
  .string()
  .max(2048)
  .regex(
    /^https?:\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(\/[\x21-\x7e]*)?$/,
    'Expected an http or https URL without a user name in it',
  )
  .refine((value) => URL.canParse(value), 'Expected a URL')

/** Where a secret may be sent: scheme, host and port as browsers compare them (RFC 6454), with `*.` for every name below. */
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
    .meta({ description: 'Where the secret may be sent: `https://api.example.com`, `https://*.example.com`. Absent: nowhere.' }),
}

/** What is sealed has at most 65536 bytes, and a letter at most three. */
const SEALED_LETTERS_MAX = 20_000

function small<T extends z.ZodType>(record: T): T {
  return record.refine((value) => JSON.stringify(value).length <= SEALED_LETTERS_MAX, `At most ${SEALED_LETTERS_MAX} characters as JSON`)
}

const mailServer = {
  host,
  port,
  secure: z.boolean().meta({ description: 'TLS from the first byte; otherwise STARTTLS where the server has it.' }),
}

/** Secrets are named apart from what may be shown, here and nowhere else. */
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
      from: sender.optional().meta({ description: 'The sender of mail that names none.' }),
    },
    { password: text(1024).optional() },
  ),
  imap: kind('imap', { ...mailServer, username: text(256) }, { password: text(1024) }),
  slack: kind('slack', {}, { token }),
  webhook: kind('webhook', {}, { secret: webhookSecret.meta({ description: 'Signs what is sent (Standard Webhooks).' }) }),
  model: kind(
    'model',
    {
      provider: z.enum(['anthropic', 'openai', 'azure', 'compatible']),
      baseUrl: address.optional().meta({ description: 'Needed for `azure` and `compatible`.' }),
      defaultModel: text(256).optional().meta({ description: 'The model (of Azure: the deployment) for calls that name none.' }),
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

/** The shapes of one kind. JSON Schema has a word for a secret, `writeOnly`: whatever must not keep one looks for it. */
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

/** Every field may be absent; one that a connection can do without may be null, which takes it away. */
function changeable<F extends Fields>(fields: F): Changeable<F> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, shape]) => [field, shape.safeParse(undefined).success ? shape.nullable() : shape.optional()]),
  ) as Changeable<F>
}

const { bearer, basic, header, smtp, imap, slack, webhook, model, mcp_http, mcp_stdio } = KINDS

/** With the secrets: as they are given, and as whoever uses the connection gets them. */
export const connectionSettings = z
  .discriminatedUnion('type', [
    bearer.whole,
    basic.whole,
    header.whole,
    smtp.whole,
    imap.whole,
    slack.whole,
    webhook.whole,
    model.whole,
    mcp_http.whole,
    mcp_stdio.whole,
  ])
  .refine(
    (settings) => settings.type !== 'model' || settings.baseUrl !== undefined || !['azure', 'compatible'].includes(settings.provider),
    {
      path: ['baseUrl'],
      message: 'Needed for this provider',
    },
  )
export type ConnectionSettings = z.infer<typeof connectionSettings>

/** What of them is to be replaced. */
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

/** Not of the form of an id, so that either can be used where one of both is meant. */
export const connectionName = name.refine((value) => !connectionId.safeParse(value).success, 'May not look like the id of a connection')

export const connection = z.object({
  id: connectionId,
  name: z.string(),
  settings: shownSettings.meta({ description: 'Without the secrets.' }),
  secretFields: z.array(z.string()).meta({ description: 'The secrets that are kept, by name. They are never shown.' }),
  createdAt: timestamp,
  updatedAt: timestamp,
})

/** The fields of a kind that are kept sealed. */
export function secretFieldsOf(type: ConnectionType): readonly string[] {
  return KINDS[type].secretFields
}
