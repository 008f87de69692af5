import type { JsonFields, JsonObject } from '@orrery/contract'
import type { AnswerTo } from '@orrery/kernel'
import type { Tool } from './find-tool.ts'

/** The tool as operations return it. Its definition can be passed to `tools.put` unchanged. */
export function toToolAnswer(tool: Tool): AnswerTo<'tools.get'> {
  const { face, made } = tool
  const { description, costTier, timeoutMs } = face
  const inputSchema = toFields(face.inputSchema)
  const outputSchema = face.outputSchema === undefined ? {} : { outputSchema: toFields(face.outputSchema) }
  const summary = toToolSummary(tool)
  if (made.by === 'orrery') {
    const definition = {
      description,
      inputSchema,
      ...outputSchema,
      scopes: [...face.scopes],
      costTier,
      timeout: `${timeoutMs}ms`,
      examples: (face.examples ?? []).map(({ with: given, gives }) => ({
        with: toFields(given),
        ...(gives === undefined ? {} : { gives }),
      })),
      implementation: { kind: 'builtin' as const, builtIn: tool.name },
    }
    return { ...summary, definition, pin: null, offer: null, createdAt: null }
  }
  const definition = { ...made.definition, inputSchema, ...outputSchema }
  return { ...summary, definition, pin: made.pin, offer: made.offer, createdAt: made.createdAt.toISOString() }
}

export function toToolSummary({ name, kind, face, made }: Tool): AnswerTo<'tools.list'>['items'][number] {
  const { description, scopes, costTier } = face
  const summary = { name, kind, description, scopes: [...scopes], costTier }
  if (made.by === 'orrery') return { ...summary, isBuiltIn: true, version: null, status: 'ready', updatedAt: null }
  return { ...summary, isBuiltIn: false, version: made.version, status: made.status, updatedAt: made.updatedAt.toISOString() }
}

/** The same value; only the type differs, because the contract's JSON is mutable and ours is readonly. */
function toFields(object: JsonObject): JsonFields {
  return object as JsonFields
}
