import type { Tool } from '@modelcontextprotocol/server'
import type { Operation } from '@orrery/contract'
import { z } from 'zod'

export type Exposed = Operation & { readonly mcp: NonNullable<Operation['mcp']> }

/** The operations that are exposed over MCP, by the name of their tool. */
export function exposedOperations(operations: readonly Operation[]): ReadonlyMap<string, Exposed> {
  const exposed = operations.filter((operation): operation is Exposed => operation.mcp !== undefined)
  return new Map(exposed.map((operation) => [operation.mcp.tool, operation]))
}

const described = new WeakMap<Exposed, Tool>()

/** Describes an operation as an MCP tool. Cached, because a new MCP server is created for every request. */
export function describeTool(operation: Exposed): Tool {
  const known = described.get(operation)
  if (known !== undefined) return known
  const tool = toTool(operation)
  described.set(operation, tool)
  return tool
}

function toTool(operation: Exposed): Tool {
  const output = jsonSchema(operation.output, 'output')
  return {
    name: operation.mcp.tool,
    title: operation.summary,
    description: operation.description === undefined ? operation.summary : `${operation.summary}. ${operation.description}`,
    inputSchema: { ...jsonSchema(operation.input, 'input'), type: 'object' },
    // The protocol allows an output schema only for objects.
    ...(output.type === 'object' ? { outputSchema: { ...output, type: 'object' } } : {}),
    annotations: {
      readOnlyHint: operation.effect === 'read',
      destructiveHint: operation.mcp.destructive ?? false,
      idempotentHint: operation.idempotent,
      // Tools act on this installation only.
      openWorldHint: false,
    },
  }
}

function jsonSchema(shape: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return z.toJSONSchema(shape, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema: schema }) => {
      if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties
      if (schema.format === 'date-time') delete schema.pattern
    },
  }) as Record<string, unknown>
}
