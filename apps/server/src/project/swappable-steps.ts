import type { StepSource } from '@orrery/engine'

export interface SwappableSteps extends StepSource {
  /** New attempts use these bodies. Attempts in progress finish with their old ones. */
  swap(next: StepSource): void
}

/** The steps of a project that may be rebuilt while the worker runs. */
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
