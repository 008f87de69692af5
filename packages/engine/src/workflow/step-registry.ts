import type { StepImplementation, StepSource } from './step-source.ts'

type Registry = Map<string, StepImplementation>

// Process-global by symbol: a project may load two copies of this module, and the worker must see the steps of both.
const KEY = Symbol.for('orrery.steps')
const home = globalThis as { [KEY]?: Registry }

export function registerStep(step: StepImplementation): void {
  const steps = currentRegistry()
  const known = steps.get(step.name)
  // A module evaluated twice declares the same text twice. That is not a conflict; the newer closure replaces the older one.
  if (known !== undefined && known.body !== step.body && String(known.body) !== String(step.body)) {
    throw new TypeError(`two steps are named ${step.name}; a name belongs to one body`)
  }
  steps.set(step.name, step)
}

/** All steps declared in this process, including those declared later. */
export function stepRegistry(): StepSource {
  return sourceOf(currentRegistry())
}

/**
 * Collects the steps that `load` declares, separate from all others, so that one process can hold several versions of a project. One call
 * at a time.
 */
export async function collectSteps(load: () => Promise<unknown>): Promise<StepSource> {
  const outer = currentRegistry()
  const own: Registry = new Map()
  home[KEY] = own
  try {
    await load()
    return sourceOf(own)
  } finally {
    home[KEY] = outer
  }
}

function currentRegistry(): Registry {
  home[KEY] ??= new Map()
  return home[KEY]
}

const sourceOf = (steps: Registry): StepSource => ({
  find: (name) => steps.get(name),
  names: () => [...steps.keys()],
})
