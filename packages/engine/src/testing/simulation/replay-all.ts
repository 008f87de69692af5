import { anyMachine, type World } from './world.ts'

/** Invariant (I12): the history of every ended run can be replayed by the code that produced it. */
export function replayAll(world: World): { isDone(): boolean } {
  const { org, oracle, database } = world
  const machine = anyMachine(world)
  let left = database.tables.results.size
  for (const { run } of database.tables.results.values()) {
    machine?.engine.query(org, run, 'seen', null).then(
      (answer) => {
        left--
        oracle.answered(run, answer)
      },
      (error: unknown) => oracle.problem(`query of ${run}: ${String(error)}`),
    )
  }
  return { isDone: () => left === 0 }
}
