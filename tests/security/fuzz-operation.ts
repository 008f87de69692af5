/** One request of the fuzzer: generates, sends and judges it, and describes it so that it can be repeated. */
import type { Operation, ProblemCode } from '@orrery/contract'
import fc from 'fast-check'
import { type Encoded, type Exchanged, encode, FACES, type FaceName, hasFace, read, type Sending } from './faces.ts'
import { inputsOf, type World } from './generate-input.ts'
import { brokenProblem, foresee, judge, judgeExchange } from './judge-answer.ts'
import { nearInputsOf } from './mutate-input.ts'
import { exchangePatiently } from './send-patiently.ts'
import { BODY_MAX, SPOILERS, type Spoiler } from './spoil-request.ts'

export interface Shot {
  readonly face: FaceName
  readonly input: unknown
  readonly spoiler: Spoiler | null
}

/** REST gets most requests, because each operation has its own URL and encoding there. */
const WEIGHTS: Readonly<Record<FaceName, number>> = { rest: 6, trpc: 2, mcp: 2 }

export function shotsAt(operation: Operation, world: World): fc.Arbitrary<Shot> {
  const open = FACES.filter((face) => hasFace(operation, face))
  const faces = fc.oneof(...open.map((face) => ({ weight: WEIGHTS[face], arbitrary: fc.constant(face) })))
  const inputs = inputsOf(operation, world)
  const plain = (among: fc.Arbitrary<unknown>) => fc.record({ face: faces, input: among, spoiler: fc.constant(null) })
  const spoiled = faces.chain((face) =>
    fc.record({ face: fc.constant(face), input: inputs, spoiler: fc.constantFrom(...SPOILERS.filter((one) => one.faces.includes(face))) }),
  )
  return fc.oneof(
    { weight: 4, arbitrary: plain(inputs) },
    { weight: 4, arbitrary: plain(nearInputsOf(operation, world)) },
    { weight: 3, arbitrary: spoiled },
  )
}

export interface Fired {
  readonly request: Encoded
  readonly status: number
  readonly requestId: string | null
  /** What is wrong with the answer. */
  readonly fault: string | null
}

export async function fire(operation: Operation, { face, input, spoiler }: Shot, how: Sending): Promise<Fired> {
  const good = encode(face, operation, input)
  const spoiled = spoiler?.spoil(good, operation) ?? null
  const request = spoiled ?? good
  const exchanged = await exchangePatiently(request, how).catch((error: unknown) =>
    String(error instanceof Error ? (error.cause ?? error) : error),
  )
  if (typeof exchanged === 'string') return { request, status: 0, requestId: null, fault: `no answer: ${exchanged}` }
  const expected = spoiled === null || spoiler === null ? 'same' : spoiler.expected
  const requestId = exchanged.headers.get('x-request-id')
  const fault = judgeShot(operation, { face, input, spoiler }, exchanged, isLong(request, operation) ? orTooLarge(expected) : expected)
  return { request, status: exchanged.status, requestId, fault }
}

/** Whether the body is rejected for its size before any other check. */
function isLong({ body = '' }: Encoded, { http }: Operation): boolean {
  return Buffer.byteLength(body) > (http.maxBodyBytes ?? BODY_MAX)
}

function orTooLarge(expected: Spoiler['expected']): Spoiler['expected'] {
  return expected === 'same' || expected === 'any' ? expected : [...expected, 'payload_too_large']
}

function judgeShot(operation: Operation, { face, input }: Shot, exchanged: Exchanged, expected: Spoiler['expected']): string | null {
  const failed = judgeExchange(operation, exchanged)
  if (failed !== null) return failed
  const foreseen = foresee(operation, face, input)
  // If the URL leads elsewhere or is too long, the answer cannot be predicted.
  if (expected === 'any' || (expected !== 'same' && foreseen.is !== 'valid')) return judgeLoosely(exchanged)
  if (exchanged.status === 431 && foreseen.is === 'unsure') return null
  try {
    const answer = read(face, exchanged)
    if (expected === 'same') return judge(operation, answer, foreseen)
    const code = answer.problem?.code
    if (operation.permission === 'public' && expected.includes('unauthenticated')) return judge(operation, answer, foreseen)
    if (code === undefined || !expected.includes(code))
      return `${code ?? 'success'} with status ${answer.status}, expected ${expected.join(' or ')}`
    return brokenProblem(answer)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** An unpredictable answer must be JSON, events, HTML or empty. If its type says that it is a problem, it must be a valid problem. */
function judgeLoosely(exchanged: Exchanged): string | null {
  const { headers, status, text } = exchanged
  if (headers.get('content-type') === 'application/problem+json') {
    if (text === '') return null
    const problem = JSON.parse(text) as { code: ProblemCode }
    const isTold = headers.get('www-authenticate') !== null || status !== 401
    return isTold ? brokenProblem({ face: 'rest', ...exchanged, problem }) : `${problem.code} without a challenge`
  }
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  if (text === '' || OPEN_TYPES.includes(type)) return null
  return `an answer of type ${type}: ${text.slice(0, 300)}`
}

const OPEN_TYPES = ['application/json', 'text/event-stream', 'text/html']

/** The request as text. The middle of long parts is left out. */
export function describeRequest({ method, path, headers, body, isChunked }: Encoded): string {
  const shown = body === undefined ? '' : shorten(typeof body === 'string' ? body : `bytes ${Buffer.from(body).toString('hex')}`)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${shorten(value)}`)
  return [`${method} ${shorten(path)}`, ...lines, ...(isChunked ? ['(in chunks)'] : []), '', shown].join('\n')
}

const SHOWN = 2000
const shorten = (text: string) =>
  text.length <= SHOWN ? text : `${text.slice(0, SHOWN / 2)} …${text.length - SHOWN} letters… ${text.slice(-SHOWN / 2)}`
