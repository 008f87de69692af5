import type { ToolKind } from '@orrery/contract'
import type { Ctx } from '@orrery/kernel'
import type { Implementation } from './kind.ts'

type Admit<K extends ToolKind> = (ctx: Ctx, implementation: Implementation<K>) => Promise<void>

const admissions: { [K in ToolKind]?: Admit<K> } = {}

/** Registers a check that runs before a tool of this kind is stored. The check throws ProblemError to reject the tool. */
export function admitWith<K extends ToolKind>(kind: K, admit: Admit<K>): void {
  ;(admissions as Partial<Record<ToolKind, unknown>>)[kind] = admit
}

export async function admitTool(ctx: Ctx, implementation: Implementation): Promise<void> {
  const admit = admissions[implementation.kind] as Admit<ToolKind> | undefined
  await admit?.(ctx, implementation)
}
