import type { Clock } from '../../clock.ts'
import type { Activation, Reaction } from '../../workflow/protocol.ts'
import { BadReaction } from '../bundles/read-reactions.ts'
import { activate, type LoadedBundle } from '../bundles/sandbox-cache.ts'
import { toError } from '../observe.ts'
import { type ActiveRun, hasCoroutine, isLive } from './active-run.ts'

interface Turn {
  readonly run: ActiveRun
  readonly activation: Activation
}

export interface TurnHandlers {
  readonly clock: Clock
  readonly react: (run: ActiveRun, reaction: Reaction) => void
  /** Whether the run shares no call with others, because one of its calls has failed. */
  readonly isSuspect: (run: ActiveRun) => boolean
  /** The call of these runs failed. The state of the bundle's runs is lost. */
  readonly failed: (bundle: LoadedBundle, runs: readonly ActiveRun[], error: Error) => void
}

/**
 * Schedules the turns of runs. In one turn a run gets at most one delivery, and one call activates all runs of a bundle that have one. The
 * next turn of a run comes after the reaction to the last one. Replay also makes one delivery per turn, so that both interleave in the same
 * way.
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
    const shared = new Map<LoadedBundle, Turn[]>()
    for (const run of runs) {
      if (run.turning || !hasCoroutine(run)) continue
      const activation = isLive(run) ? run.queue.shift() : undefined
      if (activation === undefined) continue
      run.turning = true
      const group = shared.get(run.bundle)
      if (this.handlers.isSuspect(run)) void this.activate(run.bundle, [{ run, activation }])
      else if (group) group.push({ run, activation })
      else shared.set(run.bundle, [{ run, activation }])
    }
    for (const [bundle, group] of shared) void this.activate(bundle, group)
  }

  private async activate(bundle: LoadedBundle, group: readonly Turn[]): Promise<void> {
    try {
      const reactions = await activate(
        bundle,
        group.map((entry) => entry.activation),
      )
      for (const [index, { run, activation }] of group.entries()) this.apply(bundle, run, activation, reactions[index])
    } catch (error) {
      for (const { run } of group) run.turning = false
      this.handlers.failed(
        bundle,
        group.map(({ run }) => run),
        toError(error),
      )
    }
  }

  private apply(bundle: LoadedBundle, run: ActiveRun, { at }: Activation, reaction: Reaction | undefined): void {
    run.turning = false
    run.clockAt = at
    try {
      if (reaction) this.handlers.react(run, reaction)
    } catch (error) {
      this.handlers.failed(bundle, [run], new BadReaction(run.id, `it could not be carried out: ${toError(error).message}`))
    }
    if (isLive(run) && run.queue.length > 0) this.schedule(run)
  }
}
