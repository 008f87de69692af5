import type { InputOf, OperationName, OutputOf, operations, Problem } from '@orrery/contract'
import type { TRPCBuiltRouter, TRPCDefaultErrorData, TRPCDefaultErrorShape, TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server'

/** An error as a client gets it: `error.data.problem` is the same problem that REST answers with. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorData & { problem: Problem }
}

interface Root {
  ctx: object
  meta: object
  errorShape: ErrorShape
  // JSON in, JSON out: shapes of the contract hold nothing else, so types need no translation.
  transformer: false
}

type Procedure<N extends OperationName> = (typeof operations)[N]['effect'] extends 'read'
  ? TRPCQueryProcedure<{ meta: object; input: InputOf<N>; output: OutputOf<N>; errorShape: ErrorShape }>
  : TRPCMutationProcedure<{ meta: object; input: InputOf<N>; output: OutputOf<N>; errorShape: ErrorShape }>

type Noun<N extends string> = N extends `${infer Head}.${string}` ? Head : never

/** `runs.start` of the registry is `client.runs.start`. */
type Procedures = {
  [H in Noun<OperationName>]: {
    [N in OperationName as N extends `${H}.${infer Verb}` ? Verb : never]: Procedure<N>
  }
}

/**
 * The type of the router at `/trpc`, derived from the registry:
 *
 *     const client = createTRPCClient<AppRouter>({ links: [httpLink({ url, headers: { authorization: `Bearer ${key}` } })] })
 *     const { runId } = await client.runs.start.mutate({ workflow: 'hello', input: { name: 'Ada' } })
 */
export type AppRouter = TRPCBuiltRouter<Root, Procedures>
