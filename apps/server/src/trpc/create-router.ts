import { problem } from '@orrery/contract'
import type { Caller } from '@orrery/kernel'
import { type AnyTRPCRouter, initTRPC } from '@trpc/server'
import type { Backend } from '../backend.ts'
import { toProblem } from '../http/answer-problem.ts'
import type { RequestInfo } from '../http/request-info.ts'
import { problemOf, toTrpcError } from './problem-errors.ts'

export interface TrpcRequest {
  readonly caller: Caller
  readonly info: RequestInfo
}

/** The tRPC router of the registry: `runs.start` is a mutation at `/trpc/runs.start`, a read is a query. Its type is in `router.ts`. */
export function createRouter(backend: Backend): AnyTRPCRouter {
  const t = initTRPC.context<TrpcRequest>().create({
    isDev: false,
    isServer: true,
    errorFormatter: ({ shape, error, ctx }) => {
      const shown = problemOf(error, ctx?.info.requestId)
      // The message of an unexpected error may contain internals, so callers get the title of the problem.
      const message = shown.status >= 500 ? shown.title : shape.message
      return { ...shape, message, data: { ...shape.data, problem: shown } }
    },
  })

  const nouns: Record<string, Parameters<typeof t.router>[0]> = {}
  for (const operation of backend.operations) {
    const [noun = '', verb = ''] = operation.name.split('.')
    const procedure = t.procedure.input((input: unknown) => input)
    const answer = async ({ ctx, input, batchIndex = 0 }: { ctx: TrpcRequest; input: unknown; batchIndex?: number }) => {
      ctx.info.operation = operation.name
      try {
        const caller = { ...ctx.caller, idempotencyKey: keyOfCall(ctx.caller.idempotencyKey, batchIndex) }
        return (await backend.call(operation.name, caller, input ?? {})).output
      } catch (error) {
        throw toTrpcError(toProblem(error, ctx.info, backend.log))
      }
    }
    const record = (nouns[noun] ??= {})
    record[verb] = operation.effect === 'read' ? procedure.query(answer) : procedure.mutation(answer)
  }
  return t.router(nouns)
}

/** Derives an idempotency key for each call of a batch from the one header, so that a repeated batch has the same keys. */
function keyOfCall(key: string | null, batchIndex: number): string | null {
  if (key === null || batchIndex === 0) return key
  const own = `${key}#${batchIndex}`
  if (own.length > 255) throw problem('invalid_input', 'The header Idempotency-Key is too long for a batch.')
  return own
}
