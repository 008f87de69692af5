/** What every route of a foreign contract does alike: who asks, reading, calling operations, and errors in FastAPI's form. */
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
import { answerInputErrors, fromFieldErrors, type InputError, isAboutInput, toInputErrors } from './fastapi-errors.ts'

export interface ContractRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Of Hono, below both prefixes. */
  readonly path: string
  readonly status?: 201 | 202
  /**
   * Our own API has something at the same address below /api/v1. `client`: whoever speaks the foreign contract is served here. `id`: so is
   * whoever names a UUID, which no address of ours takes.
   */
  readonly shared?: 'client' | 'id'
  /** Gives the body of the answer. */
  handle(exchange: Exchange): Promise<unknown>
}

type Loc = readonly (string | number)[]

export interface Exchange {
  readonly context: ServerContext
  /** The key or token that was sent. */
  readonly credential: string | null
  readonly idempotencyKey: string | null
  /** An id in the path, as ours: a UUID, or ours as it is. */
  id<P extends IdPrefix>(prefix: P, name: string): Id<P>
  toId<P extends IdPrefix>(prefix: P, text: string, loc: Loc): Id<P>
  query<T>(shape: z.ZodType<T>): T
  /** Reads and checks the body. Within the input of `call`, so that only who may do this makes us read. */
  body<T>(shape: z.ZodType<T>, maxBytes?: number): Promise<T>
  /** The first write of an exchange has its idempotency key; one that follows from it could not have the same. */
  call<N extends OperationName>(name: N, input: InputOf<N> | (() => Promise<InputOf<N>>), as?: CallAs): Promise<OutputOf<N>>
  /** Who sent it. @throws unauthenticated */
  identify(): Promise<Identity>
  /** Where the fields of an operation's input came from; absent: they are members of the body. */
  translate(how: (path: Loc) => Loc): void
  refuse(errors: readonly InputError[]): ProblemError
}

/** What one call has in place of what the request brought. */
type CallAs = Partial<Pick<Caller, 'credential' | 'idempotencyKey'>>

/** Operations look less deep, and what a body becomes may lie deeper than it. Whatever reads deeper recurses. */
const DEPTH_MAX = 60

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => UUID.test(text)

/** @throws nothing: what goes wrong is answered. */
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
  const inTurn = createTurns(request.signal)
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
    identify: () => inTurn(() => backend.identify(caller, null)),
    translate: (how) => {
      translate = how
    },
    id: (prefix, name) => toId(prefix, context.req.param(name) ?? '', ['path', name]),
    toId,
    query(shape) {
      const read = shape.safeParse(context.req.query())
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
      return (await inTurn(() => backend.call(name, callAs, input))).output as OutputOf<typeof name>
    },
  }
  return { exchange, refused: () => refused, translated: () => translate }
}

/** So long one request waits for its turn. */
const TURNS_MS_MAX = 30_000

/**
 * A list asks for each of its rows, and a key may ask so often a second. The first is let in or refused, as any request is; those that follow from it wait
 * instead of failing the whole.
 */
function createTurns(gone: AbortSignal): <T>(ask: () => Promise<T>) => Promise<T> {
  const until = performance.now() + TURNS_MS_MAX
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

/** What the operation says when the caller is not recognized, in other words. Anything else stays as it is. */
export function orUnauthenticated(error: unknown, detail: string): unknown {
  return error instanceof ProblemError && error.code === 'unauthenticated' ? problem('unauthenticated', detail) : error
}
