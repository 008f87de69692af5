import type { Operation } from '@orrery/contract'
import fc from 'fast-check'
import { inputsOf, worldOf } from './generate-input.ts'
import type { Org } from './installation.ts'

/**
 * An input for each operation that is valid in the organization, always the same and the smallest: with fewer fields, fewer other checks can reject
 * the call first.
 */
export function smallestInputs(org: Org): (operation: Operation) => Readonly<Record<string, unknown>> {
  const inputs = new Map<string, Readonly<Record<string, unknown>>>()
  const weigh = (operation: Operation, input: Readonly<Record<string, unknown>>): number => {
    const text = JSON.stringify(input)
    const isOwn = Object.values(org.runs).some((run) => text.includes(run))
    const isValid = operation.input.safeParse(input).success
    return Object.keys(input).length * 1e9 + text.length - (isOwn ? 1e8 : 0) + (isValid ? 0 : 1e12)
  }
  return (operation) => {
    const known = inputs.get(operation.name)
    if (known !== undefined) return known
    const found = fc
      .sample(inputsOf(operation, worldOf(org)), { numRuns: 200, seed: 1 })
      .map((input) => ({ input, weight: weigh(operation, input) }))
    const smallest = found.reduce((least, one) => (one.weight < least.weight ? one : least)).input
    inputs.set(operation.name, smallest)
    return smallest
  }
}
