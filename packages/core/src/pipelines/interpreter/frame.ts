import type { Json, JsonObject } from '@orrery/contract'
import type { Context } from '@orrery/engine/workflow'
import type { PlacedStep } from '@orrery/expressions'
import type { PipelineInput } from './pipeline-input.ts'
import type { Progress } from './pipeline-progress.ts'
import type { TurnBudget } from './turn-budget.ts'

/** One run of a pipeline. */
export interface Interpretation {
  readonly ctx: Context
  readonly input: PipelineInput
  readonly params: JsonObject
  readonly progress: Progress
  readonly pace: TurnBudget
  /** One after another. Gives what the last one gave. Throws PipelineFailure, and CancelledError as it comes. */
  runSteps(steps: readonly PlacedStep[], frame: Frame): Promise<Json>
}

/** What the steps of one sequence can read, and where it is. */
export interface Frame {
  /** By `save_as`. Never changed in place: others may look at it. */
  saved: JsonObject
  /** Names that were saved in this very frame. */
  readonly written: Set<string>
  /** Names at the top beside the fixed ones. */
  readonly names: JsonObject
  /** Of which rounds it is, the outermost first. */
  readonly rounds: readonly number[]
}

/** A frame inside another: it sees what was saved before, and what it saves stays in it. */
export function openFrame(outer: Frame, names: JsonObject = {}, round?: number): Frame {
  const rounds = round === undefined ? outer.rounds : [...outer.rounds, round]
  return { saved: outer.saved, written: new Set(), names: { ...outer.names, ...names }, rounds }
}

/** Saved under its name, if it has one. */
export function save(frame: Frame, name: string | undefined, value: Json): void {
  if (name === undefined) return
  // A computed member is an own one, even if it is called __proto__.
  frame.saved = { ...frame.saved, [name]: value }
  frame.written.add(name)
}
