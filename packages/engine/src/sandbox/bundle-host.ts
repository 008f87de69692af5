import type { OrgId } from '../store/store.ts'
import type { Activation, Manifest, Reaction } from '../workflow/protocol.ts'
import type { Issue } from '../workflow/standard-schema.ts'
import { createSandbox, type Sandbox } from './create-sandbox.ts'

/**
 * Where the code of one bundle runs. Calls are answered in their order. They reject with SandboxStuck, with SandboxLost, or with what the
 * code threw outside of a run. After any of these the state of all runs in it is lost: dispose of it and open another.
 */
export interface BundleHost {
  /** Delivers activations in order. What it returns is the bundle's own answer, not checked yet. */
  activate(batch: readonly Activation[]): Promise<readonly Reaction[]>
  /** Runs the workflows' own validators on inputs given as JSON text. Null where the bundle has no such workflow. */
  validateInputs(batch: readonly (readonly [workflow: string, input: string])[]): Promise<readonly (readonly Issue[] | null)[]>
  describe(): Promise<Manifest>
  dispose(): void
}

export interface HostOwner {
  /** What the bundle ran in has ended, by the code of any bundle or by itself. Called after its calls were rejected. */
  readonly onLost: () => void
  /** Whether the bundle has runs in work, whose coroutines must stay. */
  readonly isHeld: () => boolean
}

export interface BundleHosts {
  /** Loads nothing before the first call. */
  open(org: OrgId, code: string, owner: HostOwner): BundleHost
  close(): void
}

/** The process in which the code ran has ended. `isCulprit`: the call was being executed, so its code is the likely reason. */
export class SandboxLost extends Error {
  override readonly name = 'SandboxLost'
  readonly isCulprit: boolean

  constructor(reason: string, isCulprit: boolean) {
    super(reason)
    this.isCulprit = isCulprit
  }
}

/** Time for loading a bundle, and for its validators. */
export const GUARD_MS = 2000

/**
 * Runs bundles in this process: for one organization that trusts its own code. Loops are counted, but memory and endless microtasks are
 * those of the whole process.
 */
export const inThisProcess: BundleHosts = {
  open: (_org, code) => {
    let made: Sandbox | null = null
    const sandbox = (): Sandbox => {
      made ??= createSandbox(code, { timeoutMs: GUARD_MS })
      return made
    }
    return {
      activate: async (batch) => sandbox().activate(batch),
      validateInputs: async (batch) => sandbox().validateInputs(batch),
      describe: async () => sandbox().describe(),
      dispose: () => sandbox().dispose(),
    }
  },
  close: () => {},
}
