import type { Clock } from '../../clock.ts'
import { SandboxStuck } from '../../sandbox/create-sandbox.ts'
import type { Activation, Reaction } from '../../workflow/protocol.ts'
import { activate, type LoadedBundle } from '../bundles/sandbox-cache.ts'
import { toError } from '../observe.ts'
import { type ActiveRun, isLive } from './active-run.ts'

export interface TurnHandlers {
  readonly clock: Clock
  readonly react: (run: ActiveRun, reaction: Reaction) => void
  /** The workflow code of `culprit` (null if unknown) did not yield, or the sandbox broke. Its context cannot be trusted any more. */
  readonly broken: (bundle: LoadedBundle, culprit: string | null, error: Error) => void
}

/**
 * Schedules the turns of runs. In one turn a run gets at most one delivery, and one call activates all runs of a bundle that have one.
 * Replay also makes one delivery per turn, so that both interleave in the same way.
 */
export class Turns {
  private readonly handlers: TurnHandlers
  private due = new Set<ActiveRun>()
  private scheduled = false

  constructor(handlers: TurnHandlers) {
    this.handlers = handlers
  }

  /** Call when the run has a queued delivery: schedules its turn. */
  schedule(run: ActiveRun): void {
    this.due.add(run)
    if (this.scheduled) return
    this.scheduled = true
    this.handlers.clock.setImmediate(() => {
      this.scheduled = false
      this.turn()
    })
  }

  clear(): void {
    this.due.clear()
  }

  private turn(): void {
    const runs = this.due
    this.due = new Set()
    const byBundle = new Map<LoadedBundle, { run: ActiveRun; activation: Activation }[]>()
    for (const run of runs) {
      const activation = isLive(run) ? run.queue.shift() : undefined
      if (activation === undefined) continue
      const group = byBundle.get(run.bundle)
      if (group) group.push({ run, activation })
      else byBundle.set(run.bundle, [{ run, activation }])
    }
    for (const [bundle, group] of byBundle) this.activate(bundle, group)
    for (const run of runs) if (isLive(run) && run.queue.length > 0) this.schedule(run)
  }

  private activate(bundle: LoadedBundle, group: readonly { run: ActiveRun; activation: Activation }[]): void {
    let reactions: readonly Reaction[]
    try {
      reactions = activate(
        bundle,
        group.map((entry) => entry.activation),
      )
    } catch (error) {
      this.handlers.broken(bundle, error instanceof SandboxStuck ? error.run : null, toError(error))
      return
    }
    group.forEach(({ run, activation }, index) => {
      const reaction = reactions[index]
      run.clockAt = activation.at
      if (reaction) this.handlers.react(run, reaction)
    })
  }
}
