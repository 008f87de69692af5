import type { Tool } from '@modelcontextprotocol/server'
import type { Operation } from '@orrery/contract'
import { z } from 'zod'
import { compactSchema } from './compact-schema.ts'
import { createReferrer, shareRepeated } from './share-repeated.ts'

export type Exposed = Operation & { readonly mcp: NonNullable<Operation['mcp']> }

/** The operations that are exposed over MCP, by the name of their tool. */
export function exposedOperations(operations: readonly Operation[]): ReadonlyMap<string, Exposed> {
  const exposed = operations.filter((operation): operation is Exposed => operation.mcp !== undefined)
  return new Map(exposed.map((operation) => [operation.mcp.tool, operation]))
}

/**
 * The list of tools as clients put it into the context window of a model. It says what each tool takes. What it answers is not in the list,
 * of which that was two thirds, since few clients pass it on: the resource `orrery://schemas/{tool}` has it.
 */
export function describeTools(operations: readonly Exposed[]): readonly Tool[] {
  const refer = createReferrer()
  return operations.map((operation) => ({
    name: operation.mcp.tool,
    title: operation.summary,
    description: operation.description === undefined ? operation.summary : `${operation.summary}. ${operation.description}`,
    inputSchema: { ...shareRepeated(refer(operation.mcp.tool, compactSchema(operation.input))), type: 'object' },
    annotations: {
      readOnlyHint: operation.effect === 'read',
      destructiveHint: operation.mcp.destructive ?? false,
      idempotentHint: operation.idempotent,
      // Tools act on this installation only.
      openWorldHint: false,
    },
  }))
}

/** The full schemas of a tool: of its arguments, and of the `structuredContent` of its answer. */
export function describeSchemas(operation: Exposed): { readonly input: unknown; readonly output: unknown } {
  const schemaOf = (shape: z.ZodType, io: 'input' | 'output') => z.toJSONSchema(shape, { io, unrepresentable: 'any' })
  return { input: schemaOf(operation.input, 'input'), output: schemaOf(operation.output, 'output') }
}
