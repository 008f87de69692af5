import { problem, type ToolDefinition } from '@orrery/contract'
import { type Ctx, canonicalJson, emitEvent, type Transaction } from '@orrery/kernel'
import { kindOf } from '../kinds/kinds.ts'
import type { ToolRow } from './tool-row.ts'
import { countTools, nextVersion, saveTool, selectTool } from './tool-store.ts'

const TOOLS_MAX = 5_000

export interface SavedDefinition {
  readonly row: ToolRow
  readonly outcome: 'added' | 'replaced' | 'unchanged'
}

/**
 * Saves the definition as a new version of the tool, unless it equals the current one. The caller has locked the tools of the organization.
 * @param pin hash of a description that was just accepted from an MCP server; undefined keeps the current pin. @throws tool.too_many
 */
export async function saveDefinition(
  ctx: Ctx,
  tx: Transaction,
  name: string,
  definition: ToolDefinition,
  pin?: string,
): Promise<SavedDefinition> {
  const before = await selectTool(tx, ctx.org, name)
  if (before === undefined && (await countTools(tx, ctx.org)) >= TOOLS_MAX) {
    throw problem('tool.too_many', `The organization already has ${TOOLS_MAX} tools.`)
  }
  const isSame = before !== undefined && canonicalJson(before.definition) === canonicalJson(definition)
  if (isSame && (pin === undefined || pin === before.pin)) return { row: before, outcome: 'unchanged' }
  const now = new Date(ctx.clock.now())
  const accepted = pin === undefined ? {} : ({ pin, status: 'ready', offer: null } as const)
  const row: ToolRow = {
    org_id: ctx.org,
    name,
    kind: definition.implementation.kind,
    description: definition.description,
    version: await nextVersion(tx, ctx.org, name),
    definition,
    // Only tools that a server describes have a pin, a status and an offer to keep.
    ...(before !== undefined && kindOf(definition.implementation).describedBy === 'server'
      ? serverState(before)
      : { pin: null, status: 'ready', offer: null }),
    ...accepted,
    created_at: before?.created_at ?? now,
    updated_at: now,
  }
  await saveTool(tx, row)
  await emitEvent({ ...ctx, tx }, 'tool.put', name, { version: row.version, kind: row.kind })
  return { row, outcome: before === undefined ? 'added' : 'replaced' }
}

function serverState({ pin, status, offer }: ToolRow) {
  return { pin, status, offer }
}
