import type { Sandbox } from '../../sandbox/create-sandbox.ts'
import { createSandbox } from '../../sandbox/create-sandbox.ts'
import type { SandboxMaker } from '../../services/sandbox-cache.ts'
import type { Activation } from '../../workflow/protocol.ts'

/**
 * Lets thousands of simulated processes share one real sandbox (making one costs more than a whole simulation): each has
 * its own runs in it, told apart by a prefix. `sweep` lets go of what processes left behind when they died.
 */
export interface SharedSandbox {
  readonly make: SandboxMaker
  sweep(): void
}

export function shareSandbox(code: string): SharedSandbox {
  const real = createSandbox(code, { timeoutMs: 1000 })
  const alive = new Set<string>()
  let processes = 0

  const activate = (prefix: string, batch: readonly Activation[]): ReturnType<Sandbox['activate']> => {
    for (const { run, delivery } of batch) {
      if (delivery.type === 'start') alive.add(prefix + run)
      if (delivery.type === 'evict') alive.delete(prefix + run)
    }
    const reactions = real.activate(batch.map((activation) => ({ ...activation, run: prefix + activation.run })))
    return reactions.map((reaction, index) => ({ ...reaction, run: batch[index]?.run ?? '' }))
  }
  return {
    make: () => {
      const prefix = `${processes++}/`
      return { ...real, activate: (batch) => activate(prefix, batch), dispose: () => {} }
    },
    sweep: () => {
      if (alive.size > 0) real.activate([...alive].map((run) => ({ run, at: 0, replaying: false, delivery: { type: 'evict' } })))
      alive.clear()
      processes = 0
    },
  }
}
