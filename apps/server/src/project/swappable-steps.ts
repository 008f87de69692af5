import type { StepSource } from '@orrery/engine'

export interface SwappableSteps extends StepSource {
  /** Attempts that begin from now on use these bodies; those in progress end with theirs. */
  swap(next: StepSource): void
}

/** The steps of a project that may be built again while the worker runs. */
export function createSwappableSteps(): SwappableSteps {
  let current: StepSource = { find: () => undefined, names: () => [] }
  return {
    find: (name) => current.find(name),
    names: () => current.names(),
    swap: (next) => {
      current = next
    },
  }
}
