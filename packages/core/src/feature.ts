import type { StepSource } from '@orrery/engine'
import type { BackgroundPart } from '@orrery/kernel'
import type { BuiltIn } from '@orrery/tools'

/** What a noun brings beside its operations. Each noun that brings something has a `feature.ts`, and a line in `features.ts`. */
export interface Feature extends BackgroundPart {
  readonly name: string
  /** Steps that every worker has, beside those of its project. */
  readonly steps?: StepSource
  /** Tools that every organization has without making any. */
  readonly builtIns?: readonly BuiltIn[]
}
