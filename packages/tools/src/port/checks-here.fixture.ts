import type { SchemaChecks } from '@orrery/kernel'
import { findSchemaFault } from '../../../kernel/src/json-schema/compile-schema.ts'
import { findMismatch } from '../../../kernel/src/json-schema/find-mismatch.ts'

/** The checks of schemas in this process, for tests of what uses them. */
export const checksHere: SchemaChecks = {
  findFault: async (schema) => findSchemaFault(schema),
  findMismatch: async (schema, value) => findMismatch(schema, value),
}
