import type { Json, JsonObject } from '@orrery/contract'
import type { Context } from '@orrery/engine/workflow'
import type { PlacedStep } from '@orrery/expressions'
import type { PipelineInput } from './pipeline-input.ts'
import type { Progress } from './pipeline-progress.ts'
import type { TurnBudget } from './turn-budget.ts'

/** The state of one run of a pipeline. */
export interface Interpretation {
  readonly ctx: Context
  readonly input: PipelineInput
  readonly params: JsonObject
  readonly progress: Progress
  readonly budget: TurnBudget
  /** See `run-steps.ts`. A member, as steps and sequences of steps call each other. */
  runSteps(steps: readonly PlacedStep[], frame: Frame): Promise<Json>
}

/** The names that the steps of one sequence can read, and the place of the sequence. */
export interface Frame {
  /** Saved values by `save_as`. Never changed in place, because inner frames share the object. */
  saved: JsonObject
  /** Names that were saved in this frame itself. */
  readonly written: Set<string>
  /** Top-level names besides the fixed ones. */
  readonly names: JsonObject
  /** Index of the round in each enclosing for_each, the outermost first. */
  readonly rounds: readonly number[]
}

/** Opens a frame inside another. It reads the values saved before, and keeps its own saved values to itself. */
export function openFrame(outer: Frame, names: JsonObject = {}, round?: number): Frame {
  const rounds = round === undefined ? outer.rounds : [...outer.rounds, round]
  return { saved: outer.saved, written: new Set(), names: { ...outer.names, ...names }, rounds }
}

/** Saves a value under a name, if there is one. */
export function save(frame: Frame, name: string | undefined, value: Json): void {
  if (name === undefined) return
  // A computed key creates an own member, even for the name __proto__.
  frame.saved = { ...frame.saved, [name]: value }
  frame.written.add(name)
}
