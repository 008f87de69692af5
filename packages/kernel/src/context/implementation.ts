import type { OperationName, operations } from '@orrery/contract'
import type { z } from 'zod'
import type { Ctx } from './context.ts'

/** A use case. Takes the parsed input and returns a value that the operation's output shape accepts. */
export type Implementation<N extends OperationName> = (ctx: Ctx, input: InputFor<N>) => Promise<AnswerTo<N>>

type Declared<N extends OperationName> = (typeof operations)[N]
export type InputFor<N extends OperationName> = z.output<Declared<N>['input']>
export type AnswerTo<N extends OperationName> = z.input<Declared<N>['output']>

export type Implementations = { readonly [N in OperationName]: Implementation<N> }

/** An implementation without its types. `callOperation` has parsed the input with the operation's own shape. */
export type AnyImplementation = (ctx: Ctx, input: unknown) => Promise<unknown>
