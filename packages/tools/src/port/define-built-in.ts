import { describeIssue, expandUnions, type JsonObject } from '@orrery/contract'
import { z } from 'zod'
import { type BuiltIn, type BuiltInContext, ToolError, type ToolFace, type ToolResult } from './tool-port.ts'

interface BuiltInSpec<A extends z.ZodObject, O extends z.ZodObject> extends Omit<ToolFace, 'inputSchema' | 'outputSchema'> {
  readonly args: A
  readonly output: O
  /** @throws ToolError */
  call(args: z.output<A>, context: BuiltInContext): Promise<ToolResult & { readonly output: z.output<O> }>
}

/** Makes a built-in tool from zod shapes of its arguments and output. Both the JSON Schemas and the types are derived from the shapes. */
export function defineBuiltIn<A extends z.ZodObject, O extends z.ZodObject>(spec: BuiltInSpec<A, O>): BuiltIn {
  const { args, output, call, ...face } = spec
  return {
    ...face,
    inputSchema: toJsonSchema(args),
    outputSchema: toJsonSchema(output),
    // The caller has checked the arguments against the JSON Schema; parsing them fills in the defaults.
    async call(given, context) {
      const read = args.safeParse(given, { error: describeIssue })
      if (read.success) return call(read.data, { ...context, tool: face })
      const [{ path, message } = { path: [], message: 'not valid' }] = expandUnions(read.error.issues)
      throw new ToolError('InvalidArguments', `The arguments of ${face.name}: ${path.join('.')} ${message}`, { isRetryable: false })
    },
  }
}

/** JSON Schema (2020-12) of a value before its defaults are filled in. */
export function toJsonSchema(shape: z.ZodType): JsonObject {
  const { $schema, ...schema } = z.toJSONSchema(shape, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => void simplify(jsonSchema),
  })
  return schema as JsonObject
}

/** Removes keywords that repeat what JSON Schema means without them, and writes `X or null` as one schema with two types. */
function simplify(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  if (schema.type === 'object') delete schema.propertyNames
  const { additionalProperties: others } = schema
  if (typeof others === 'object' && Object.keys(others).length === 0) delete schema.additionalProperties
  const [first, second, ...more] = schema.anyOf ?? []
  if (first?.type === undefined || first.enum !== undefined || second?.type !== 'null' || more.length > 0) return
  delete schema.anyOf
  // JSON Schema allows a list of types, though the type of zod does not.
  Object.assign(schema, first, { type: [first.type, 'null'] })
}

/**
 * A string of `min` to `max` characters. JSON Schema counts code points; zod's own limits count UTF-16 code units and would reject emoji
 * too early.
 */
export function letters(max: number, min = 0) {
  return z
    .string()
    .refine((text) => text.length <= max || [...text].length <= max, `At most ${max} characters`)
    .refine((text) => min === 0 || [...text.slice(0, 2 * min)].length >= min, `At least ${min} characters`)
    .meta({ ...(min === 0 ? {} : { minLength: min }), maxLength: max })
}

/** A string in a format of JSON Schema. The check against the JSON Schema verifies the format. */
export const formatted = (format: 'date' | 'date-time') => z.string().meta({ format })
