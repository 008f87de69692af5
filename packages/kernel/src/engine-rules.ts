import { encodeId, isReservedWorkflow } from '@orrery/contract'
import type { EngineOptions } from '@orrery/engine'

/** Options that every engine of an installation must have. */
export const engineRules = {
  /** Workflow code and steps see the same ids as callers of the API. */
  ids: { run: (uuid: string) => encodeId('run', uuid), org: (uuid: string) => encodeId('org', uuid) },
  /** Deployed code cannot start a reserved workflow, whose input grants scopes, even if it names the hash of a bundle that has one. */
  isInternal: isReservedWorkflow,
} as const satisfies Partial<EngineOptions<never>>
