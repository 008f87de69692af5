/** Types derived from the registry: what a client sends and receives, by the name of the operation. */
import type { z } from 'zod'
import type { Operation } from './operation.ts'
import { type OperationName, operations } from './operations.generated.ts'

export type Declared<N extends OperationName> = (typeof operations)[N]

/** As a caller writes it: fields with a default may be absent. */
export type InputOf<N extends OperationName> = z.input<Declared<N>['input']>
/** As the implementation receives it. */
export type ParsedInputOf<N extends OperationName> = z.output<Declared<N>['input']>
export type OutputOf<N extends OperationName> = z.output<Declared<N>['output']>

/** All operations, ordered by name. */
export function listOperations(): readonly Operation[] {
  return Object.values(operations)
}

export function findOperation(name: string): Operation | null {
  return Object.hasOwn(operations, name) ? operations[name as OperationName] : null
}
