/** Checks that every answer must pass. Each function returns the first fault, or null. */
import { isDeepStrictEqual } from 'node:util'
import { COMMON_PROBLEMS, findLargeNumber, type Operation, PROBLEMS, type ProblemCode, problemShape, problemType } from '@orrery/contract'
import { fieldSchemas, fromText } from '../../apps/server/src/rest/from-text.ts'
import { type Answered, type Exchanged, encode, type FaceName, isRecord, toText } from './faces.ts'

const SLOWEST_MS = 15_000
/** The default wait of an operation. It applies if the input loses its shorter timeout when it is encoded into a URL. */
const WAITS_MS = 30_000

/** The validity of an input by the schema. `unsure`: the input may not arrive as it was sent. */
export type Verdict = { readonly is: 'valid' } | { readonly is: 'unsure' } | { readonly is: 'invalid'; readonly fields: readonly string[] }

/** Checks a raw answer: it is in time and not a server error. */
export function judgeExchange(operation: Operation, { tookMs, status, text }: Exchanged): string | null {
  const waits = operation.effect === 'read' && 'timeout' in operation.input.shape
  if (tookMs > SLOWEST_MS + (waits ? WAITS_MS : 0)) return `it took ${Math.round(tookMs)} ms`
  return status >= 500 || status < 200 ? `status ${status}: ${text.slice(0, 500)}` : null
}

export function judge(operation: Operation, answer: Answered, verdict: Verdict): string | null {
  const failed = judgeExchange(operation, answer)
  if (failed !== null) return failed
  if (answer.refusal !== undefined) return verdict.is === 'valid' ? `refused by its protocol: ${answer.refusal}` : null
  return answer.problem === undefined ? judgeOutput(operation, answer, verdict) : judgeProblem(operation, answer, verdict)
}

function judgeOutput(operation: Operation, answer: Answered, verdict: Verdict): string | null {
  if (verdict.is === 'invalid') return `an input was accepted that is wrong in ${verdict.fields.join(', ')}`
  const expected = answer.face === 'rest' ? (operation.http.status ?? 200) : 200
  // The URL may mean another resource, such as a parent path, whose answer is unknown here.
  if (verdict.is === 'unsure' && answer.status === 200 && !operation.output.safeParse(answer.output).success) return null
  if (answer.status !== expected) return `status ${answer.status}, declared is ${expected}`
  const read = operation.output.safeParse(answer.output)
  if (!read.success) return `the answer is not of its shape: ${read.error.message.slice(0, 500)}`
  return isDeepStrictEqual(read.data, answer.output) ? null : 'the answer has members that its shape does not'
}

/** Problems of the router, which unusual path parameters can cause. */
const OF_ADDRESSES: readonly ProblemCode[] = ['not_found', 'method_not_allowed']

function judgeProblem(operation: Operation, answer: Answered, verdict: Verdict): string | null {
  const broken = brokenProblem(answer)
  if (broken !== null) return broken
  const { code, errors = [] } = answer.problem as { code: ProblemCode; errors?: readonly { readonly path: string }[] }
  const declared: readonly ProblemCode[] = [...operation.problems, ...COMMON_PROBLEMS, ...(verdict.is === 'unsure' ? OF_ADDRESSES : [])]
  if (!declared.includes(code)) return `the problem ${code} is not declared`
  if (verdict.is === 'unsure') return null
  if (verdict.is === 'invalid' && !['invalid_input', 'payload_too_large'].includes(code))
    return `${code} for an input that is wrong in ${verdict.fields.join(', ')}`
  if (code !== 'invalid_input') return null
  const named = errors.map(({ path }) => firstField(path))
  if (named.length === 0) return 'invalid_input that names no field'
  if (verdict.is === 'valid')
    return named.every((name) => name in operation.input.shape) ? null : `a field that there is not: ${named.join(', ')}`
  return verdict.fields.some((field) => named.includes(field))
    ? null
    : `it names ${named.join(', ')}, wrong are ${verdict.fields.join(', ')}`
}

/** A problem must follow RFC 9457, be in the catalogue, and have the same status in the body and in HTTP. */
export function brokenProblem({ face, status, problem, headers }: Answered): string | null {
  const read = problemShape.safeParse(problem)
  if (!read.success) return `not a problem: ${JSON.stringify(problem).slice(0, 300)}`
  const { code, title, type, status: told } = read.data
  const kind = PROBLEMS[code]
  if (kind.status !== status || told !== status) return `the problem ${code} came with status ${status} and says ${told}`
  if (title !== kind.title || type !== problemType(code)) return `title or type are not those of ${code}`
  if (face === 'rest' && headers.get('content-type') !== 'application/problem+json') return `content type ${headers.get('content-type')}`
  if (face === 'rest' && read.data.requestId !== headers.get('x-request-id')) return 'it does not name its request'
  return null
}

/** `a` in `a.b` and `a[0]`, and in `["a"].b`. */
function firstField(path: string): string {
  const quoted = /^\[("[^"\\]*(?:\\.[^"\\]*)*")\]/.exec(path)?.[1]
  return quoted === undefined ? (/^[^.[]*/.exec(path)?.[0] ?? '') : (JSON.parse(quoted) as string)
}

/** The HTTP parser rejects longer URLs without a body. */
const ADDRESS_MAX = 14_000

/** Near or beyond the depth limit of the server, which may then answer that the input is too large. */
const DEEP = 60

export function foresee(operation: Operation, face: FaceName, input: unknown): Verdict {
  if (depthOf(input) > DEEP) return { is: 'unsure' }
  if (encode(face, operation, input).path.length > ADDRESS_MAX) return { is: 'unsure' }
  const arrived = face === 'rest' ? arriveByRest(operation, input) : arriveAsJson(face, input)
  if (arrived === null) return { is: 'unsure' }
  const read = operation.input.safeParse(arrived.input)
  const issues = read.error?.issues ?? []
  const fields = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [String(issue.path[0] ?? '')],
  )
  const large = largeIn(arrived.input, operation.roundsNumbersIn ?? [])
  return fields.length + large.length === 0 ? { is: 'valid' } : { is: 'invalid', fields: [...fields.map(firstField), ...large] }
}

function arriveAsJson(face: FaceName, input: unknown): { readonly input: unknown } | null {
  // MCP requires an object and drops the field `__proto__`.
  if (face === 'mcp' && (!isRecord(input) || Object.hasOwn(input, '__proto__'))) return null
  return { input: JSON.parse(JSON.stringify(input) ?? 'null') ?? {} }
}

function arriveByRest(operation: Operation, input: unknown): { readonly input: unknown } | null {
  if (!isRecord(input)) return null
  const schemas = fieldSchemas(operation)
  const inPath = [...operation.http.path.matchAll(/\{(\w+)\}/g)].map((match) => String(match[1]))
  const inQuery = ['GET', 'DELETE'].includes(operation.http.method)
  const asText = Object.keys(input).filter((name) => inPath.includes(name) || inQuery)
  const texts = asText.flatMap((name) => [name, ...[input[name]].flat().map(toText)])
  if (texts.some((text) => !text.isWellFormed()) || asText.some((name) => ['', '__proto__'].includes(name))) return null
  const odd = inPath.some((name) => ['', '.', '..'].includes(toText(input[name])) || /[/\\]/.test(toText(input[name])))
  // A UUID in place of the id of a run is an id of Ordinaut (decision 0017).
  const isForeign = inPath.some((name) => name === 'runId' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(toText(input[name])))
  if (odd || isForeign) return null
  const read = (name: string) => fromText(inPath.includes(name) ? [toText(input[name])] : [input[name]].flat().map(toText), schemas[name])
  const fromAddress = asText.map((name) => [name, read(name)] as const).filter(([, value]) => value !== undefined)
  const inBody = Object.entries(input).filter(([name]) => !asText.includes(name))
  return { input: { ...JSON.parse(JSON.stringify(Object.fromEntries(inBody))), ...Object.fromEntries(fromAddress) } }
}

/** The fields with a number that a double cannot keep, as it is written (decision 0031). */
function largeIn(input: unknown, rounded: readonly string[]): string[] {
  if (!isRecord(input)) return findLargeNumber(JSON.stringify(input) ?? '') === null ? [] : ['']
  const isLarge = ([name, value]: readonly [string, unknown]) =>
    !rounded.includes(name) && findLargeNumber(JSON.stringify(value) ?? '') !== null
  return Object.entries(input)
    .filter(isLarge)
    .map(([name]) => name)
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
