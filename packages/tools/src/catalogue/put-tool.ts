import { type FieldError, problem, type ToolDefinition } from '@orrery/contract'
import { type AnswerTo, type Ctx, canonicalJson, checkSchemas, type InputFor, withOrg } from '@orrery/kernel'
import { admitTool } from '../kinds/admit-tool.ts'
import { kindOf } from '../kinds/kinds.ts'
import { findDefinitionFaults } from './find-definition-faults.ts'
import { toTool } from './find-tool.ts'
import { requireNotBuiltIn } from './require-not-built-in.ts'
import { saveDefinition } from './save-definition.ts'
import { toToolAnswer } from './to-tool-answer.ts'
import type { ToolRow } from './tool-row.ts'
import { lockTools, selectTool } from './tool-store.ts'

export async function putTool(ctx: Ctx, input: InputFor<'tools.put'>): Promise<AnswerTo<'tools.put'>> {
  const { tool: name, definition: given } = input
  requireNotBuiltIn(name)
  requireNoFaults(await findDefinitionFaults(checkSchemas(ctx), name, given))
  const { implementation } = given
  await admitTool(ctx, implementation)
  const { row, outcome } = await withOrg(ctx, async (tx) => {
    await lockTools(tx, ctx.org)
    const before = await selectTool(tx, ctx.org, name)
    return saveDefinition(ctx, tx, name, withAcceptedSchemas(given, before))
  })
  ctx.note(name, { version: row.version, kind: row.kind, outcome })
  return toToolAnswer(toTool(row))
}

/** Keeps the schemas that were accepted from a server. Only discovery and review may change them. @throws invalid_input */
function withAcceptedSchemas(given: ToolDefinition, before: ToolRow | undefined): ToolDefinition {
  const { implementation } = given
  if (kindOf(implementation).describedBy === 'author') return given
  const fault = (path: string, message: string) => requireNoFaults([{ path: `definition.${path}`, message }])
  if (before === undefined || canonicalJson(before.definition.implementation) !== canonicalJson(implementation)) {
    fault('implementation', 'Only tools.discover can create tools of MCP servers')
  }
  const { inputSchema, outputSchema } = before?.definition ?? {}
  for (const [member, accepted] of Object.entries({ inputSchema, outputSchema })) {
    const wanted = given[member as 'inputSchema' | 'outputSchema']
    if (wanted !== undefined && canonicalJson(wanted) !== canonicalJson(accepted))
      fault(member, 'Only the MCP server can change the schemas of its tool')
  }
  return { ...given, ...(inputSchema === undefined ? {} : { inputSchema }), ...(outputSchema === undefined ? {} : { outputSchema }) }
}

function requireNoFaults(errors: readonly FieldError[]): void {
  const [first] = errors
  if (first !== undefined) throw problem('invalid_input', `${first.path}: ${first.message}`, { errors })
}
