import type { Tree } from './tree.ts'

export interface Finding {
  readonly path: string
  readonly line?: number
  readonly message: string
}

export interface Outcome {
  /** How many things the rule looked at. Nothing seen is a failure: a rule that sees nothing finds nothing. */
  readonly looked: number
  readonly findings: readonly Finding[]
}

export interface Rule {
  readonly name: string
  /** What `looked` counts. */
  readonly unit: string
  check(tree: Tree): Outcome
}
