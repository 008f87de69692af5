/** What all routes of a foreign contract share: the caller, reading input, calling operations, and errors in FastAPI's format. */
import { setTimeout } from 'node:timers/promises'
import {
  decodeId,
  encodeId,
  type Id,
  type IdPrefix,
  type InputOf,
  type OperationName,
  type OutputOf,
  ProblemError,
  problem,
} from '@orrery/contract'
import { type Caller, type Identity, isDeeperThan, parseShape } from '@orrery/kernel'
import type { z } from 'zod'
import type { Backend } from '../backend.ts'
import { answerProblem, toProblem } from '../http/answer-problem.ts'
import { readCaller, readCredential } from '../http/read-caller.ts'
import type { ServerContext } from '../http/request-info.ts'
import { readJsonObject } from '../rest/read-input.ts'
import { attemptLogin } from '../tokens/attempt-login.ts'
import { answerInputErrors, fromFieldErrors, type InputError, isAboutInput, toInputErrors } from './fastapi-errors.ts'

export interface ContractRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** A Hono path, mounted below both prefixes. */
  readonly path: string
  readonly status?: 201 | 202
  /**
   * Set if Orrery's own API has the same path below /api/v1. `client`: requests of clients that use the foreign contract are served
   * here. `id`: requests with a UUID in the path are served here too, because our own paths never contain one.
   */
  readonly shared?: 'client' | 'id'
  /** Returns the body of the answer. */
  handle(exchange: Exchange): Promise<unknown>
}

type Loc = readonly (string | number)[]

export interface Exchange {
  readonly context: ServerContext
  /** The key or token that was sent. */
  readonly credential: string | null
  readonly idempotencyKey: string | null
  /** An id in the path, as a TypeID. The path may have the UUID or the TypeID. */
  id<P extends IdPrefix>(prefix: P, name: string): Id<P>
  toId<P extends IdPrefix>(prefix: P, text: string, loc: Loc): Id<P>
  query<T>(shape: z.ZodType<T>): T
  /** Reads and checks the body. Call it inside the input function of `call`, so that no body is read for an unauthorized caller. */
  body<T>(shape: z.ZodType<T>, maxBytes?: number): Promise<T>
  /** Calls an operation. Only the first write of an exchange uses its idempotency key, because a key belongs to one operation. */
  call<N extends OperationName>(name: N, input: InputOf<N> | (() => Promise<InputOf<N>>), as?: CallAs): Promise<OutputOf<N>>
  /** Identifies the caller. @throws unauthenticated */
  identify(): Promise<Identity>
  /** Calls with the secret of an agent, within the limits for failed logins. */
  logIn<T>(agent: string, secret: string, attempt: () => Promise<T>): Promise<T>
  /** Sets how paths in an operation's input map to paths in the request. Without it, they are members of the body. */
  translate(how: (path: Loc) => Loc): void
  refuse(errors: readonly InputError[]): ProblemError
}

/** Replaces the credential or idempotency key of the request for one call. */
type CallAs = Partial<Pick<Caller, 'credential' | 'idempotencyKey'>>

/**
 * Limits the nesting of a body before recursive code reads it. Less than the limit of operations, because translation may nest
 * the body deeper.
 */
const DEPTH_MAX = 60

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => UUID.test(text)

/** Serves a route. The handler never rejects: every error becomes an answer. */
export function serveRoute(backend: Backend, route: ContractRoute): (context: ServerContext) => Promise<Response> {
  return async (context) => {
    const { exchange, refused, translated } = openExchange(backend, context)
    try {
      const body = await route.handle(exchange)
      return Response.json(body ?? null, { status: route.status ?? 200 })
    } catch (error) {
      const { info } = context.var
      const shown = toProblem(error, info, backend.log, context.req.path)
      const errors = refused() ?? (isAboutInput(shown) ? fromFieldErrors(shown.errors ?? [], translated()) : null)
      return errors === null ? answerProblem(context, shown) : answerInputErrors(errors, info.requestId)
    }
  }
}

function openExchange(backend: Backend, context: ServerContext) {
  const { info } = context.var
  const request = context.req.raw
  let refused: readonly InputError[] | null = null
  let translate: (path: Loc) => Loc = (path) => ['body', ...path]
  const idempotencyKey = request.headers.get('idempotency-key')
  let isKeyUsed = false
  const whenAllowed = createRateWaiter(request.signal)
  const caller = readCaller(context, 'ordinaut')
  const refuse = (errors: readonly InputError[]) => {
    refused = errors
    return problem('invalid_input', 'The request is not valid.')
  }
  const toId = <P extends IdPrefix>(prefix: P, given: string, loc: Loc): Id<P> => {
    const text = given.toLowerCase()
    if (isUuid(text)) return encodeId(prefix, text)
    if (decodeId(prefix, text) !== null) return text as Id<P>
    throw refuse([{ loc, msg: 'Expected a UUID', type: 'uuid_parsing' }])
  }
  const exchange: Exchange = {
    context,
    credential: readCredential(request),
    idempotencyKey,
    refuse,
    identify: () => whenAllowed(() => backend.identify(caller, null)),
    logIn: (agent, secret, attempt) => attemptLogin(backend, context, { agent, secret }, attempt),
    translate: (how) => {
      translate = how
    },
    id: (prefix, name) => toId(prefix, context.req.param(name) ?? '', ['path', name]),
    toId,
    query(shape) {
      const read = parseShape(shape, context.req.query())
      if (read.success) return read.data
      throw refuse(toInputErrors('query', read.error))
    },
    async body(shape, maxBytes = backend.maxBodyBytes) {
      const given = await readJsonObject(request, maxBytes)
      if (isDeeperThan(given, DEPTH_MAX)) throw problem('payload_too_large', `The body is nested deeper than ${DEPTH_MAX} levels.`)
      const read = parseShape(shape, given)
      if (read.success) return read.data
      throw refuse(toInputErrors('body', read.error))
    },
    async call(name, input, as = {}) {
      info.operation ??= name
      const isWrite = backend.operations.find((operation) => operation.name === name)?.effect === 'write'
      const callAs = { ...caller, idempotencyKey: isWrite && !isKeyUsed ? idempotencyKey : null, ...as }
      if (isWrite) isKeyUsed = true
      return (await whenAllowed(() => backend.call(name, callAs, input))).output as OutputOf<typeof name>
    },
  }
  return { exchange, refused: () => refused, translated: () => translate }
}

/** How long the calls of one request may wait for the rate limit in total. */
const RATE_WAIT_MS_MAX = 30_000

/**
 * A list makes one call for each of its rows, and each call counts against the rate limit of the key. The first call is
 * admitted or refused like any request; later calls wait for the limit instead of failing the whole request.
 */
function createRateWaiter(gone: AbortSignal): <T>(ask: () => Promise<T>) => Promise<T> {
  const until = performance.now() + RATE_WAIT_MS_MAX
  let isFirst = true
  return async (ask) => {
    const mayWait = !isFirst
    isFirst = false
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        const waitMs = mayWait && !gone.aborted ? toWait(error) : null
        if (waitMs === null || performance.now() + waitMs > until) throw error
        await setTimeout(waitMs)
      }
    }
  }
}

function toWait(error: unknown): number | null {
  if (!(error instanceof ProblemError) || error.code !== 'rate_limited') return null
  const { retryAfterMs } = error.toProblem()
  return typeof retryAfterMs === 'number' ? retryAfterMs : null
}

/** Replaces the detail of an `unauthenticated` problem. Returns any other error unchanged. */
export function orUnauthenticated(error: unknown, detail: string): unknown {
  return error instanceof ProblemError && error.code === 'unauthenticated' ? problem('unauthenticated', detail) : error
}
