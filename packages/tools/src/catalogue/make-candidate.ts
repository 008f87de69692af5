import { describeIssue, expandUnions, type ToolDefinition, toolDefinition, toolName } from '@orrery/contract'
import type { SchemaChecks } from '@orrery/kernel'
import { findBuiltIn } from '../builtins/built-ins.ts'
import { findDefinitionFaults } from './find-definition-faults.ts'

/** A tool made from an external description: an operation of a document, or a tool of a server. */
export interface ToolCandidate {
  readonly name: string
  readonly definition: ToolDefinition
  /** Why it cannot be stored, regardless of existing tools. */
  readonly reason: string | null
}

/** Await the calls one by one, outside of a transaction: the schemas are compiled in another process. */
export async function makeCandidate(
  schemas: SchemaChecks,
  prefix: string,
  externalName: string,
  definition: ToolDefinition,
): Promise<ToolCandidate> {
  const name = `${prefix}.${externalName.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}`
  return { name, definition, reason: await findReason(schemas, name, definition) }
}

async function findReason(schemas: SchemaChecks, name: string, definition: ToolDefinition): Promise<string | null> {
  if (!toolName.safeParse(name).success) return `${name} is not a valid name of a tool`
  if (findBuiltIn(name) !== null) return `${name} is a built-in tool`
  // External descriptions must respect the same limits as `tools.put`, because `tools.get` returns them and users put them again.
  const [issue] = expandUnions(toolDefinition.safeParse(definition, { error: describeIssue }).error?.issues ?? [])
  if (issue !== undefined) return `${issue.path.join('.')}: ${issue.message}`
  const [fault] = await findDefinitionFaults(schemas, name, definition)
  return fault === undefined ? null : `${fault.path.replace(/^definition\./, '')}: ${fault.message}`
}
