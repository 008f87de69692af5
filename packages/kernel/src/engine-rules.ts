import { encodeId, isReservedWorkflow } from '@orrery/contract'
import type { EngineOptions } from '@orrery/engine'

/** Options that every engine of an installation must have. */
export const engineRules = {
  /** Workflow code and steps see the same ids as callers of the API. */
  ids: { run: (uuid: string) => encodeId('run', uuid), org: (uuid: string) => encodeId('org', uuid) },
  /** A start needs an authority to start a reserved workflow, so neither callers nor deployed code can, whatever version they name. */
  isInternal: isReservedWorkflow,
} as const satisfies Partial<EngineOptions<never>>
