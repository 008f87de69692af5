import type { OrgId } from '../store/store.ts'
import type { Activation, Manifest, Reaction } from '../workflow/protocol.ts'
import type { Issue } from '../workflow/standard-schema.ts'
import { createSandbox, type Sandbox, SandboxGone } from './create-sandbox.ts'
import { locateStack } from './locate-stack.ts'

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
  /** The stacks with places in the author's files (see locateStack). @param map the bundle's source map */
  locate(stacks: readonly string[], map: string): Promise<readonly string[]>
  dispose(): void
}

export interface HostOwner {
  /**
   * What the bundle ran in has ended, by the code of any bundle or by itself; or a call found its sandbox gone. Called after its calls were
   * rejected.
   */
  readonly onLost: () => void
  /** Whether the bundle has runs in work, whose coroutines must stay. */
  readonly isHeld: () => boolean
}

export interface BundleHosts {
  /** Loads nothing before the first call. */
  open(org: OrgId, code: string, owner: HostOwner): BundleHost
  close(): void
}

/** The process in which the code ran has ended, or an earlier call ended the sandbox. `isCulprit`: it ended while it executed this call. */
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
  open: (_org, code, { onLost }) => {
    let made: Sandbox | null = null
    let isOpen = true
    const call = async <T>(work: (sandbox: Sandbox) => T): Promise<T> => {
      try {
        made ??= createSandbox(code, { timeoutMs: GUARD_MS })
        return work(made)
      } catch (error) {
        if (!(error instanceof SandboxGone)) throw error
        setImmediate(() => isOpen && onLost())
        throw new SandboxLost(error.message, false)
      }
    }
    return {
      activate: (batch) => call((sandbox) => sandbox.activate(batch)),
      validateInputs: (batch) => call((sandbox) => sandbox.validateInputs(batch)),
      describe: () => call((sandbox) => sandbox.describe()),
      locate: async (stacks, map) => stacks.map((stack) => locateStack(stack, code, map)),
      dispose: () => {
        isOpen = false
        made?.dispose()
      },
    }
  },
  close: () => {},
}
