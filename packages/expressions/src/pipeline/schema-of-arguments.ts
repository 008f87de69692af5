import type { JsonObject, PipelineDefinition } from '@orrery/contract'

/** The schema for the arguments of a call: params that have a default are not required. Undefined: anything is allowed. */
export function schemaOfArguments({ params, params_schema: schema }: PipelineDefinition): JsonObject | undefined {
  if (schema === undefined || params === undefined || !Array.isArray(schema.required)) return schema
  return { ...schema, required: schema.required.filter((name) => typeof name !== 'string' || !Object.hasOwn(params, name)) }
}
