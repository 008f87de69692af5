import type { JsonObject, PipelineDefinition } from '@orrery/contract'

/** What whoever calls a pipeline has to give: params that have a value of their own may be left out. Undefined: anything goes. */
export function schemaOfArguments({ params, params_schema: schema }: PipelineDefinition): JsonObject | undefined {
  if (schema === undefined || params === undefined || !Array.isArray(schema.required)) return schema
  return { ...schema, required: schema.required.filter((name) => typeof name !== 'string' || !Object.hasOwn(params, name)) }
}
