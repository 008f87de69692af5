import type { StepSource } from './step-source.ts'

/** Joins several sources, so that one worker serves them all. A name resolves to the first source that has it. */
export function joinSteps(...sources: readonly StepSource[]): StepSource {
  return {
    find(name) {
      for (const source of sources) {
        const found = source.find(name)
        if (found !== undefined) return found
      }
      return undefined
    },
    names: () => [...new Set(sources.flatMap((source) => source.names()))],
  }
}
