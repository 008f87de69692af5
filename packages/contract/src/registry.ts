/** Types over the registry: what a client sends and gets, by the operation's name. */
import type { z } from 'zod'
import type { Operation } from './operation.ts'
import { type OperationName, operations } from './operations.generated.ts'

export type Declared<N extends OperationName> = (typeof operations)[N]

/** As a caller writes it: fields with a default may be absent. */
export type InputOf<N extends OperationName> = z.input<Declared<N>['input']>
/** As the implementation gets it. */
export type ParsedInputOf<N extends OperationName> = z.output<Declared<N>['input']>
export type OutputOf<N extends OperationName> = z.output<Declared<N>['output']>

/** All operations, in the order of their names. */
export function listOperations(): readonly Operation[] {
  return Object.values(operations)
}

export function findOperation(name: string): Operation | null {
  return Object.hasOwn(operations, name) ? operations[name as OperationName] : null
}
