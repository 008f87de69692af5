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

/** The status is that of HTTP; a refused MCP call has the problem's. */
export interface Answered extends Exchanged {
  readonly face: FaceName
  /** What the operation gave, if it was done. */
  readonly output?: unknown
  readonly problem?: Partial<Problem>
  /** What the protocol of the face itself finds wrong with the request. */
  readonly refusal?: string
}

export function hasFace(operation: Operation, face: FaceName): boolean {
  return face !== 'mcp' || operation.mcp !== undefined
}

/** A request as HTTP has it. */
export interface Encoded {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined
  /** Sent in chunks, so that no length is told beforehand. */
  readonly isChunked?: boolean
}

/** What came back, before anything is made of it. */
export interface Exchanged {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Path and body: what was in the request may be in the answer. */
  readonly sent: string
  readonly tookMs: number
}

/** Longer than the slowest answer may take. */
const HANG_MS = 45_000

/** Throws if there is no answer in time. */
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

/** What the face's own form of an answer says. Throws if it is not of that form. */
export function read(face: FaceName, exchanged: Exchanged): Answered {
  // What is refused before a face is reached is the same on all of them.
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
    return { path: `/api/v1${path}${query === '' ? '' : `?${query}`}`, method, headers: {} }
  }
  return { path: `/api/v1${path}`, method, body: JSON.stringify(isRecord(input) ? fields : input), headers: JSON_TYPE }
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
