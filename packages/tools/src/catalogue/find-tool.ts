import type { JsonObject, ToolDefinition, ToolImplementation, ToolKind, ToolStatus } from '@orrery/contract'
import { type Ctx, type Transaction, withOrg } from '@orrery/kernel'
import { parseDurationMs } from '@orrery/recurrence'
import { findBuiltIn } from '../builtins/built-ins.ts'
import { kindOf } from '../kinds/kinds.ts'
import type { ToolOffer } from '../mcp/to-offer.ts'
import type { BuiltIn, ToolFace } from '../port/tool-port.ts'
import type { ToolRow } from './tool-row.ts'
import { type NamedDefinition, selectDefinitions, selectTool } from './tool-store.ts'

/** A tool that can be called: a built-in tool, or one of the organization. */
export interface Tool {
  readonly name: string
  readonly kind: ToolKind
  readonly face: ToolFace
  readonly made: BuiltInMade | OrgMade
}

interface BuiltInMade {
  readonly by: 'orrery'
  readonly builtIn: BuiltIn
}

interface OrgMade {
  readonly by: 'org'
  readonly version: number
  readonly definition: ToolDefinition
  readonly implementation: ToolImplementation
  readonly pin: string | null
  readonly status: ToolStatus
  readonly offer: ToolOffer | null
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** A built-in tool takes precedence in every organization. */
export async function findTool(ctx: Ctx, name: string): Promise<Tool | null> {
  const builtIn = findBuiltIn(name)
  if (builtIn !== null) return { name, kind: 'builtin', face: builtIn, made: { by: 'orrery', builtIn } }
  const row = await withOrg(ctx, (tx) => selectTool(tx, ctx.org, name))
  return row === undefined ? null : toTool(row)
}

/** The definitions of the organization with these names. */
export function findDefinitions(tx: Transaction, org: string, names: readonly string[]): Promise<NamedDefinition[]> {
  return selectDefinitions(tx, org, names)
}

export function toTool(row: ToolRow): Tool {
  const { definition, version, pin, status, offer } = row
  const { implementation } = definition
  const made = {
    by: 'org',
    version,
    definition,
    implementation,
    pin,
    status,
    offer,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  } as const
  return { name: row.name, kind: row.kind, face: toFace(row.name, definition), made }
}

const ANYTHING: JsonObject = { type: 'object' }

/** Parts that the definition leaves out come from its implementation. */
export function toFace(name: string, definition: ToolDefinition): ToolFace {
  const { description, scopes, costTier, timeout, examples, implementation } = definition
  const kind = kindOf(implementation)
  const described = kind.describe(implementation)
  const outputSchema = definition.outputSchema ?? described.outputSchema
  return {
    name,
    description,
    inputSchema: definition.inputSchema ?? described.inputSchema ?? ANYTHING,
    ...(outputSchema === undefined ? {} : { outputSchema }),
    // A tool over a built-in tool also needs its scopes.
    scopes: [...new Set([...scopes, ...(described.scopes ?? [])])],
    costTier,
    timeoutMs: timeout === undefined ? kind.timeoutMs : parseDurationMs(timeout, 'timeout'),
    examples: examples.map(({ with: given, gives }) => ({ with: given, ...(gives === undefined ? {} : { gives }) })),
  }
}
