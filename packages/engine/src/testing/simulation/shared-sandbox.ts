import { createSandbox, type Sandbox } from '../../sandbox/create-sandbox.ts'
import type { SandboxMaker } from '../../services/bundles/sandbox-cache.ts'
import type { Activation } from '../../workflow/protocol.ts'

/**
 * Lets thousands of simulated processes share one real sandbox per version, because making one costs more than a whole simulation. A prefix
 * separates the runs of each process. `sweep` evicts the runs of dead processes.
 */
export interface SharedSandbox {
  readonly make: SandboxMaker
  sweep(): void
}

interface Real {
  readonly sandbox: Sandbox
  readonly alive: Set<string>
}

export function shareSandbox(): SharedSandbox {
  const reals = new Map<string, Real>()
  let processes = 0
  const realOf = (code: string): Real => {
    const known = reals.get(code)
    if (known) return known
    const real = { sandbox: createSandbox(code, { timeoutMs: 1000 }), alive: new Set<string>() }
    reals.set(code, real)
    return real
  }
  return {
    make: (code) => {
      const real = realOf(code)
      const prefix = `${processes++}/`
      return { ...real.sandbox, activate: (batch) => activate(real, prefix, batch), dispose: () => {} }
    },
    sweep: () => {
      for (const { sandbox, alive } of reals.values()) {
        if (alive.size > 0) sandbox.activate([...alive].map((run) => ({ run, at: 0, replaying: false, delivery: { type: 'evict' } })))
        alive.clear()
      }
      processes = 0
    },
  }
}

function activate({ sandbox, alive }: Real, prefix: string, batch: readonly Activation[]): ReturnType<Sandbox['activate']> {
  for (const { run, delivery } of batch) {
    if (delivery.type === 'start') alive.add(prefix + run)
    if (delivery.type === 'evict') alive.delete(prefix + run)
  }
  const reactions = sandbox.activate(batch.map((activation) => ({ ...activation, run: prefix + activation.run })))
  return reactions.map((reaction, index) => ({ ...reaction, run: batch[index]?.run ?? '' }))
}
