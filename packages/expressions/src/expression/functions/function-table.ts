import type { FunctionSpec } from './function-spec.ts'
import { LIST_FUNCTIONS } from './list-functions.ts'
import { NUMBER_FUNCTIONS } from './number-functions.ts'
import { TEXT_FUNCTIONS } from './text-functions.ts'

const FUNCTIONS: ReadonlyMap<string, FunctionSpec> = new Map([
  ...Object.entries(NUMBER_FUNCTIONS),
  ...Object.entries(TEXT_FUNCTIONS),
  ...Object.entries(LIST_FUNCTIONS),
])

/** Functions whose arguments are evaluated only when needed, and may be missing. */
export const LAZY = {
  /** if(condition, a, b): without b, a false condition has no value. */
  if: { least: 2, most: 3 },
  /** default(a, b): a, or b if a is missing or null. */
  default: { least: 2, most: 2 },
  /** The first argument that is neither missing nor null; null if there is no such argument. */
  not_null: { least: 1, most: 100 },
} as const
export type LazyName = keyof typeof LAZY

export const isLazy = (name: string): name is LazyName => Object.hasOwn(LAZY, name)

export function findFunction(name: string): FunctionSpec | null {
  return FUNCTIONS.get(name) ?? null
}

export const FUNCTION_NAMES: readonly string[] = [...Object.keys(LAZY), ...FUNCTIONS.keys()].sort()

/** The least and the most arguments that a function takes; null for an unknown function. */
export function arityOf(name: string): { least: number; most: number } | null {
  if (isLazy(name)) return LAZY[name]
  const spec = findFunction(name)
  if (spec === null) return null
  const { params, optional = 0, rest } = spec
  return { least: params.length - optional, most: rest === undefined ? params.length : 100 }
}
