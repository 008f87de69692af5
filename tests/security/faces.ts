/** Sends any operation over any face and reads the answer. */
import type { Operation, Problem } from '@orrery/contract'

export const FACES = ['rest', 'trpc', 'mcp'] as const
export type FaceName = (typeof FACES)[number]

export interface Sending {
  readonly url: string
  /** Null omits the header. */
  readonly key: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** `status` is the HTTP status, or the status of the problem for a rejected MCP call. */
export interface Answered extends Exchanged {
  readonly face: FaceName
  /** The output of the operation, if it succeeded. */
  readonly output?: unknown
  readonly problem?: Partial<Problem>
  /** The error of the protocol itself, if it rejected the request. */
  readonly refusal?: string
}

export function hasFace(operation: Operation, face: FaceName): boolean {
  return face !== 'mcp' || operation.mcp !== undefined
}

/** An HTTP request. */
export interface Encoded {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined
  /** Whether the body is sent in chunks, without Content-Length. */
  readonly isChunked?: boolean
}

/** The raw answer. */
export interface Exchanged {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Path and body of the request. An answer may repeat parts of them. */
  readonly sent: string
  readonly tookMs: number
}

/** Above the longest allowed time of an answer. */
const HANG_MS = 45_000

/** Throws if there is no answer within HANG_MS. */
export async function exchange(request: Encoded, how: Sending): Promise<Exchanged> {
  const { method, path, body, isChunked } = request
  const headers = { ...(how.key === null ? {} : { authorization: `Bearer ${how.key}` }), ...request.headers, ...how.headers }
  const begun = performance.now()
  const signal = AbortSignal.timeout(HANG_MS)
  const content = body === undefined ? {} : { body: isChunked ? new Blob([body]).stream() : body, ...(isChunked ? { duplex: 'half' } : {}) }
  const response = await fetch(`${how.url}${path}`, { method, headers, signal, redirect: 'manual', ...content })
  const text = await response.text()
  const sent = `${decodeLoosely(path)}\n${typeof body === 'string' ? body : ''}`
  return { status: response.status, headers: response.headers, text, sent, tookMs: performance.now() - begun }
}

/** Decodes an answer of the face. Throws if the answer does not have the form of the face. */
export function read(face: FaceName, exchanged: Exchanged): Answered {
  // Rejections before the face is reached are plain problems on all faces.
  const isBare = exchanged.headers.get('content-type') === 'application/problem+json'
  const decoded = isBare ? { status: exchanged.status, problem: asProblem(parse(exchanged.text)) } : decoders[face](exchanged)
  return { face, ...exchanged, ...decoded }
}

export function encode(face: FaceName, operation: Operation, input: unknown): Encoded {
  switch (face) {
    case 'rest':
      return encodeRest(operation, input)
    case 'trpc':
      return { path: `/trpc/${operation.name}`, method: 'POST', body: JSON.stringify(input), headers: JSON_TYPE }
    case 'mcp': {
      const params = { name: operation.mcp?.tool, arguments: input }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
      return { path: '/mcp', method: 'POST', body, headers: { ...JSON_TYPE, accept: 'application/json, text/event-stream' } }
    }
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** An input that is not an object has no fields, so it is sent as the body. */
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
    return { path: `/api/v1${path}${query === '' ? '' : `?${query}`}`, method, headers: {} }
  }
  return { path: `/api/v1${path}`, method, body: JSON.stringify(isRecord(input) ? fields : input), headers: JSON_TYPE }
}

export function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** Like encodeURIComponent, but a lone surrogate becomes invalid UTF-8 bytes instead of throwing. */
function encodeText(text: string): string {
  return [...text].map((letter) => (letter.isWellFormed() ? encodeURIComponent(letter) : '%ED%A0%80')).join('')
}

function decodeLoosely(path: string): string {
  return path.replaceAll(/(?:%[0-9A-F]{2})+/g, (escaped) => {
    try {
      return decodeURIComponent(escaped)
    } catch {
      // Invalid UTF-8, from a lone surrogate.
      return escaped
    }
  })
}

type Decoded = Pick<Answered, 'status' | 'output' | 'problem' | 'refusal'>

const isOk = (status: number) => status >= 200 && status < 300

const decoders: Record<FaceName, (exchanged: Exchanged) => Decoded> = {
  rest: ({ status, text }) => (isOk(status) ? { status, output: parse(text) } : { status, problem: asProblem(parse(text)) }),
  trpc: ({ status, text }) => {
    const body = parse(text) as { result?: { data?: unknown }; error?: { data?: { problem?: unknown } } }
    return isOk(status) ? { status, output: body.result?.data } : { status, problem: asProblem(body.error?.data?.problem) }
  },
  mcp: ({ status, text }) => {
    const message = parse(/^data: (\{.*)$/m.exec(text)?.[1] ?? text) as McpMessage
    if (message.result === undefined) return { status, refusal: message.error?.message ?? text }
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
