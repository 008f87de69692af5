import type { OperationName, operations } from '@orrery/contract'
import type { z } from 'zod'
import type { Ctx } from './context.ts'

/** A use case: gets its parsed input, gives what the operation's output says (before it is parsed). */
export type Implementation<N extends OperationName> = (ctx: Ctx, input: InputFor<N>) => Promise<AnswerTo<N>>

type Declared<N extends OperationName> = (typeof operations)[N]
export type InputFor<N extends OperationName> = z.output<Declared<N>['input']>
export type AnswerTo<N extends OperationName> = z.input<Declared<N>['output']>

export type Implementations = { readonly [N in OperationName]: Implementation<N> }

/** The same with its types forgotten: `callOperation` has checked the input with the operation's own shape. */
export type AnyImplementation = (ctx: Ctx, input: unknown) => Promise<unknown>
