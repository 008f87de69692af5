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
 * The definition as the newest version of the tool, if it differs from the one there is. The caller has locked the organization's tools.
 * @param pin of what an MCP server said, when that has just been accepted; undefined: whatever it was. @throws tool.too_many
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
    throw problem('tool.too_many', `The organization has ${TOOLS_MAX} tools already.`)
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
    // A tool that its author describes has no description of a server to keep.
    ...(before !== undefined && kindOf(definition.implementation).describedBy === 'server'
      ? kept(before)
      : { pin: null, status: 'ready', offer: null }),
    ...accepted,
    created_at: before?.created_at ?? now,
    updated_at: now,
  }
  await saveTool(tx, row)
  await emitEvent({ ...ctx, tx }, 'tool.put', name, { version: row.version, kind: row.kind })
  return { row, outcome: before === undefined ? 'added' : 'replaced' }
}

function kept({ pin, status, offer }: ToolRow) {
  return { pin, status, offer }
}
