/** One way to send any operation over any face and to look at what comes back. */
import type { Operation, Problem } from '@orrery/contract'

export const FACES = ['rest', 'trpc', 'mcp'] as const
export type FaceName = (typeof FACES)[number]

export interface Sending {
  readonly url: string
  /** Null: without the header. */
  readonly key: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly face: FaceName
  /** Of HTTP. A refused MCP call has the problem's. */
  readonly status: number
  /** What the operation gave, if it was done. */
  readonly output?: unknown
  readonly problem?: Partial<Problem>
  readonly headers: Headers
  /** The whole body, and the whole request: what was not in the one may not be in the other unless it is the caller's. */
  readonly text: string
  readonly sent: string
  readonly tookMs: number
}

export function hasFace(operation: Operation, face: FaceName): boolean {
  return face !== 'mcp' || operation.mcp !== undefined
}

export async function send(face: FaceName, operation: Operation, input: unknown, how: Sending): Promise<Answered> {
  const { path, init } = encoders[face](operation, input)
  const headers = { ...init.headers, ...(how.key === null ? {} : { authorization: `Bearer ${how.key}` }), ...how.headers }
  const begun = performance.now()
  const response = await fetch(`${how.url}${path}`, { ...init, headers })
  const text = await response.text()
  const tookMs = performance.now() - begun
  const whole = { face, headers: response.headers, text, sent: `${decodeLoosely(path)}\n${init.body ?? ''}`, tookMs }
  return { ...whole, ...decoders[face](response, text) }
}

interface Encoded {
  readonly path: string
  readonly init: { readonly method: string; readonly body?: string; readonly headers: Readonly<Record<string, string>> }
}

const JSON_TYPE = { 'content-type': 'application/json' }

const encoders: Record<FaceName, (operation: Operation, input: unknown) => Encoded> = {
  rest: encodeRest,
  trpc: (operation, input) => ({
    path: `/trpc/${operation.name}`,
    init: { method: 'POST', body: JSON.stringify(input), headers: JSON_TYPE },
  }),
  mcp: (operation, input) => ({
    path: '/mcp',
    init: {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: operation.mcp?.tool, arguments: input } }),
      headers: { ...JSON_TYPE, accept: 'application/json, text/event-stream' },
    },
  }),
}

/** Input that is no object has no fields to spread, so it is sent as the body whatever the method. */
function encodeRest({ http }: Operation, input: unknown): Encoded {
  const fields = isRecord(input) ? { ...input } : {}
  const path = http.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields[name]
    delete fields[name]
    return encodeText(toText(value))
  })
  const method = http.method
  if (method === 'GET' || method === 'DELETE') {
    const pairs = Object.entries(fields).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => [name, one] as const),
    )
    const query = pairs.map(([name, value]) => `${encodeText(name)}=${encodeText(toText(value))}`).join('&')
    return { path: `/api/v1${path}${query === '' ? '' : `?${query}`}`, init: { method, headers: {} } }
  }
  return { path: `/api/v1${path}`, init: { method, body: JSON.stringify(isRecord(input) ? fields : input), headers: JSON_TYPE } }
}

export function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** As encodeURIComponent, but a lone surrogate becomes the bytes that UTF-8 would have for it, which no decoder takes. */
function encodeText(text: string): string {
  return [...text].map((letter) => (letter.isWellFormed() ? encodeURIComponent(letter) : '%ED%A0%80')).join('')
}

function decodeLoosely(path: string): string {
  return path.replaceAll(/(?:%[0-9A-F]{2})+/g, (escaped) => {
    try {
      return decodeURIComponent(escaped)
    } catch {
      // A lone surrogate.
      return escaped
    }
  })
}

type Decoded = Pick<Answered, 'status' | 'output' | 'problem'>

const decoders: Record<FaceName, (response: Response, text: string) => Decoded> = {
  rest: ({ ok, status }, text) => (ok ? { status, output: parse(text) } : { status, problem: asProblem(parse(text)) }),
  trpc: ({ ok, status }, text) => {
    const body = parse(text) as { result?: { data?: unknown }; error?: { data?: { problem?: unknown } } }
    return ok ? { status, output: body.result?.data } : { status, problem: asProblem(body.error?.data?.problem) }
  },
  mcp: ({ ok, status }, text) => {
    if (!ok) return { status, problem: asProblem(parse(text)) }
    const message = parse(/^data: (\{.*)$/m.exec(text)?.[1] ?? text) as McpMessage
    if (message.result === undefined) return { status: 400, problem: { code: 'invalid_input', detail: message.error?.message ?? '' } }
    const { isError, structuredContent, content } = message.result
    if (!isError) return { status, output: structuredContent ?? parse(content[0]?.text ?? 'null') }
    const problem = asProblem(structuredContent?.problem)
    return { status: problem.status ?? 0, problem }
  },
}

interface McpMessage {
  readonly result?: {
    readonly isError?: boolean
    readonly structuredContent?: Readonly<Record<string, unknown>>
    readonly content: readonly { readonly text: string }[]
  }
  readonly error?: { readonly message?: string }
}

const asProblem = (body: unknown): Partial<Problem> => (isRecord(body) ? body : { detail: String(body) })

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`The answer is not JSON: ${text.slice(0, 200)}`, { cause })
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
