import type { Tree } from './tree.ts'

export interface Finding {
  readonly path: string
  readonly line?: number
  readonly message: string
}

export interface Outcome {
  /** How many things the rule looked at. 0 is a failure, because a rule that sees nothing finds nothing. */
  readonly looked: number
  readonly findings: readonly Finding[]
}

export interface Rule {
  readonly name: string
  /** What `looked` counts. */
  readonly unit: string
  check(tree: Tree): Outcome
}
