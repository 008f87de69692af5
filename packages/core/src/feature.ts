import type { StepSource } from '@orrery/engine'
import type { BackgroundPart } from '@orrery/kernel'
import type { BuiltIn } from '@orrery/tools'

/** The parts of a noun besides its operations. A noun that has any of them has a `feature.ts`, and a line in `features.ts`. */
export interface Feature extends BackgroundPart {
  readonly name: string
  /** Steps that every worker has in addition to those of its project. */
  readonly steps?: StepSource
  /** Tools that every organization has from the start. */
  readonly builtIns?: readonly BuiltIn[]
}
