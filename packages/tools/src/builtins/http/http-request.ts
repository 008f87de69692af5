import { json } from '@orrery/contract'
import { fetchOutside } from '@orrery/kernel'
import { z } from 'zod'
import { allowSlowAnswers } from '../../http/allow-slow-answers.ts'
import { authorize } from '../../http/authorize.ts'
import { hideSecrets } from '../../http/hide-secrets.ts'
import { toHttpFailure } from '../../http/http-failure.ts'
import { readAnswer } from '../../http/read-answer.ts'
import { defineBuiltIn, letters } from '../../port/define-built-in.ts'
import { deriveKey } from '../../port/derive-key.ts'
import { type ToolContext, ToolError } from '../../port/tool-port.ts'

const ANSWER_BYTES_MAX = 1_000_000

const scalar = z.union([z.string(), z.number(), z.boolean()])

const args = z.strictObject({
  url: letters(8_192, 1),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
  headers: z.record(z.string(), letters(8_192)).optional().meta({ maxProperties: 50 }),
  query: z
    .record(z.string(), z.union([scalar, z.array(scalar).max(100)]))
    .optional()
    .meta({ maxProperties: 100, description: 'Added to the URL; a list repeats its name.' }),
  json: json.optional().meta({ description: 'The body, sent as application/json.' }),
  text: z.string().optional().meta({ description: 'The body as it is; text/plain unless a header says otherwise.' }),
  connection: z
    .string()
    .optional()
    .meta({ description: 'Id or name of a connection of type bearer, basic or header, whose secret is sent in a header.' }),
  expect: z
    .array(z.int().min(200).max(599))
    .min(1)
    .max(50)
    .optional()
    .meta({ uniqueItems: true, description: 'The statuses that are not a failure, in place of 200 to 299.' }),
  follow_redirects: z.boolean().default(true).meta({ description: 'Up to five. Another origin gets no credentials.' }),
})
type Args = z.output<typeof args>

export const httpRequest = defineBuiltIn({
  name: 'http.request',
  description: 'Sends an HTTP request and returns the answer. Any status outside of 200 to 299 is a failure, unless it is expected.',
  args,
  output: z.strictObject({
    status: z.int(),
    headers: z.record(z.string(), z.string()).meta({ description: 'Names in lower case; without set-cookie.' }),
    body: json.meta({ description: 'Parsed JSON, or a string.' }),
    encoding: z.enum(['json', 'text', 'base64']).meta({ description: 'The form of the body. base64: bytes that are not text.' }),
  }),
  scopes: ['http:request'],
  costTier: 'low',
  timeoutMs: 30_000,
  examples: [
    {
      with: { url: 'https://api.example.com/orders', query: { state: 'open', limit: 50 }, connection: 'orders-api' },
      gives: { status: 200, headers: { 'content-type': 'application/json' }, body: { items: [] }, encoding: 'json' },
    },
    { with: { url: 'https://api.example.com/orders/1042', method: 'DELETE', expect: [204, 404] } },
  ],

  async call(args, context) {
    if (args.json !== undefined && args.text !== undefined) {
      // The schema does not require one of them, because a binding of this tool may preset the other.
      throw new ToolError('InvalidArguments', 'The body is either `json` or `text`', { isRetryable: false })
    }
    const authorization = args.connection === undefined ? {} : await authorize(context, args.connection, args.url)
    const policy = allowSlowAnswers(context.outside)
    const answer = await fetchOutside(
      {
        url: withQuery(args.url, args.query ?? {}),
        method: args.method,
        headers: { ...defaultHeaders(args, context), ...lowerNames(args.headers ?? {}), ...authorization },
        redirect: args.follow_redirects ? 'follow' : 'manual',
        signal: context.signal,
        ...writeBody(args),
      },
      { ...policy, answerBytesMax: Math.min(policy.answerBytesMax, ANSWER_BYTES_MAX) },
    )
    const read = readAnswer(answer, hideSecrets(Object.values(authorization)))
    const isExpected = args.expect?.includes(answer.status) ?? (answer.status >= 200 && answer.status < 300)
    if (!isExpected) throw toHttpFailure(answer, read.body)
    return { output: { status: answer.status, ...read } }
  },
})

/** Returns an invalid URL unchanged; the fetch rejects it. */
function withQuery(text: string, query: NonNullable<Args['query']>): string {
  const url = URL.parse(text)
  if (url === null) return text
  for (const [name, value] of Object.entries(query)) for (const one of [value].flat()) url.searchParams.append(name, String(one))
  return url.href
}

function writeBody({ json, text }: Args): { readonly body?: string } {
  if (json !== undefined) return { body: JSON.stringify(json) }
  return text === undefined ? {} : { body: text }
}

/** POST and PATCH get a key by which the server can recognize a repeated attempt (the Idempotency-Key header of the IETF's draft). */
function defaultHeaders({ method, json, text }: Args, { idempotencyKey }: ToolContext): Record<string, string> {
  const type = json !== undefined ? 'application/json' : text !== undefined ? 'text/plain; charset=utf-8' : undefined
  return {
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(method === 'POST' || method === 'PATCH' ? { 'idempotency-key': deriveKey(idempotencyKey, 'http') } : {}),
  }
}

/** Lower-case names, so that a header overrides one that differs only in case. */
function lowerNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
