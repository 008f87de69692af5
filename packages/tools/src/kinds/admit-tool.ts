import type { ToolKind } from '@orrery/contract'
import type { Ctx } from '@orrery/kernel'
import type { Implementation } from './kind.ts'

type Admit<K extends ToolKind> = (ctx: Ctx, implementation: Implementation<K>) => Promise<void>

const admissions: { [K in ToolKind]?: Admit<K> } = {}

/** What the owner of a kind checks in the organization before a tool of that kind is stored. It throws ProblemError. */
export function admitWith<K extends ToolKind>(kind: K, admit: Admit<K>): void {
  ;(admissions as Partial<Record<ToolKind, unknown>>)[kind] = admit
}

export async function admitTool(ctx: Ctx, implementation: Implementation): Promise<void> {
  const admit = admissions[implementation.kind] as Admit<ToolKind> | undefined
  await admit?.(ctx, implementation)
}
