import type { InputOf, OperationName, OutputOf, operations, Problem } from '@orrery/contract'
import type { TRPCBuiltRouter, TRPCDefaultErrorData, TRPCDefaultErrorShape, TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server'

/** An error as a client gets it: `error.data.problem` is the problem that REST would answer with. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorData & { problem: Problem }
}

interface Root {
  ctx: object
  meta: object
  errorShape: ErrorShape
  // The shapes of the contract contain only JSON, so no transformer is needed.
  transformer: false
}

type Procedure<N extends OperationName> = (typeof operations)[N]['effect'] extends 'read'
  ? TRPCQueryProcedure<{ meta: object; input: InputOf<N>; output: OutputOf<N>; errorShape: ErrorShape }>
  : TRPCMutationProcedure<{ meta: object; input: InputOf<N>; output: OutputOf<N>; errorShape: ErrorShape }>

type Noun<N extends string> = N extends `${infer Head}.${string}` ? Head : never

/** Maps `runs.start` of the registry to `client.runs.start`. */
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
