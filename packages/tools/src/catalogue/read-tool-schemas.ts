import type { Json } from '@orrery/contract'
import type { CallSchemas } from '@orrery/expressions'
import { type Ctx, withOrg } from '@orrery/kernel'
import { listBuiltIns } from '../builtins/built-ins.ts'
import type { ToolFace } from '../port/tool-port.ts'
import { toFace } from './find-tool.ts'
import { selectDefinitions } from './tool-store.ts'

/** The input and output schemas of all tools of the organization and of all built-in tools, for checking a pipeline when it is saved. */
export async function readToolSchemas(ctx: Ctx): Promise<ReadonlyMap<string, CallSchemas>> {
  const rows = await withOrg(ctx, (tx) => selectDefinitions(tx, ctx.org, null))
  const own = rows.map(({ name, definition }) => toFace(name, definition))
  return new Map([...own, ...listBuiltIns()].map((face) => [face.name, schemasOf(face)]))
}

function schemasOf({ inputSchema, outputSchema }: ToolFace): CallSchemas {
  return { inputSchema: inputSchema as Json, ...(outputSchema === undefined ? {} : { outputSchema: outputSchema as Json }) }
}
