import type { Json, JsonObject } from '@orrery/contract'
import { defineComputations } from '../compute/computation.ts'
import type { Ctx } from '../context/context.ts'
import { findSchemaFault } from './compile-schema.ts'
import { findMismatch, type Mismatch } from './find-mismatch.ts'

/** Checks of schemas that people, MCP servers and OpenAPI documents wrote. They run in the processes that compute. */
export interface SchemaChecks {
  /** Why a schema cannot be used, so that a caller can reject it before it stores the schema; null if it can be used. @throws rate_limited */
  findFault(schema: JsonObject): Promise<string | null>
  /** The first place where a value does not match; a schema that cannot be used or takes too long matches no value. @throws rate_limited */
  findMismatch(schema: JsonObject, value: Json): Promise<Mismatch | null>
}

/** Processor time for compiling a schema, and for checking a value. A schema of the largest size takes a second and a half. */
const MS_MAX = 2_000

/** JSON text: writing it takes the server a third of the time of copying the values. */
interface Check {
  readonly schema: string
  readonly value: string
}

/** @computed */
export const faultOf = (schema: string): string | null => findSchemaFault(JSON.parse(schema))

/** @computed */
export const mismatchOf = ({ schema, value }: Check): Mismatch | null => findMismatch(JSON.parse(schema), JSON.parse(value))

const computations = defineComputations(import.meta.url, { faultOf, mismatchOf }, MS_MAX)

/** @param context with the transaction that is open meanwhile, or null */
export function checkSchemas({ org, kernel: { compute }, tx }: Pick<Ctx, 'org' | 'kernel' | 'tx'>): SchemaChecks {
  return {
    async findFault(schema) {
      const found = await compute.run(org, computations.faultOf, JSON.stringify(schema), tx !== null)
      if (found.outcome === 'done') return found.value
      return found.outcome === 'timeout' ? 'it takes too long to compile' : `it takes more than ${found.limitMb} MB to compile`
    },
    async findMismatch(schema, value) {
      const found = await compute.run(
        org,
        computations.mismatchOf,
        { schema: JSON.stringify(schema), value: JSON.stringify(value) },
        tx !== null,
      )
      if (found.outcome === 'done') return found.value
      const limit = found.outcome === 'timeout' ? `took longer than ${found.limitMs} ms` : `took more than ${found.limitMb} MB`
      return { path: '', message: `its schema ${limit} to check` }
    },
  }
}
