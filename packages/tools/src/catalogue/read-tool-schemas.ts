import type { Json } from '@orrery/contract'
import type { CallSchemas } from '@orrery/expressions'
import type { Transaction } from '@orrery/kernel'
import { listBuiltIns } from '../builtins/built-ins.ts'
import type { ToolFace } from '../port/tool-port.ts'
import { toFace } from './find-tool.ts'
import { selectDefinitions, selectToolNames } from './tool-store.ts'

/**
 * For checking a pipeline when it is saved: the input and output schemas of the tools that it uses. Of the others, of which an organization
 * may have thousands, the names only: they are suggested for names that do not exist.
 */
export async function readToolSchemas(tx: Transaction, org: string, used: readonly string[]): Promise<ReadonlyMap<string, CallSchemas>> {
  const names = await selectToolNames(tx, org)
  const own = (await selectDefinitions(tx, org, used)).map(({ name, definition }) => toFace(name, definition))
  const builtIns = listBuiltIns()
  const schemas = [...own, ...builtIns.filter(({ name }) => used.includes(name))].map((face) => [face.name, schemasOf(face)] as const)
  return new Map<string, CallSchemas>([...[...names, ...builtIns.map(({ name }) => name)].map((name) => [name, {}] as const), ...schemas])
}

function schemasOf({ inputSchema, outputSchema }: ToolFace): CallSchemas {
  return { inputSchema: inputSchema as Json, ...(outputSchema === undefined ? {} : { outputSchema: outputSchema as Json }) }
}
