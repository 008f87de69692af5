import { killMachine, pauseMachine, revive, stopMachine } from './machines.ts'
import { count, type World } from './world.ts'

const OUTAGE_MAX_MS = 8000

/** Plans crashes, stops and pauses of processes and outages of the database, at random times until the faults end. */
export function planFaults(world: World): void {
  const { draw, conditions, clock, machines } = world
  const again = (meanMs: number | null, happen: () => void): void => {
    if (meanMs === null) return
    clock.setTimeout(
      () => {
        if (world.over) return
        happen()
        again(meanMs, happen)
      },
      draw.int(1, 2 * meanMs),
    )
  }
  const anywhere = (): number => draw.int(0, machines.length - 1)
  again(conditions.crashMs, () => killMachine(world, anywhere()))
  again(conditions.stopMs, () => stopMachine(world, anywhere()))
  again(conditions.pauseMs, () => {
    const machine = machines[anywhere()]
    if (machine?.process.alive) pauseMachine(world, machine)
  })
  again(conditions.outageMs, () => {
    const ms = draw.int(100, OUTAGE_MAX_MS)
    count(world, 'outages')
    world.trace(`the database is down for ${ms}`)
    world.downUntil = clock.now() + ms
  })
  clock.setTimeout(() => endFaults(world), conditions.chaosMs)
}

/** Ends all faults. Their consequences remain. */
function endFaults(world: World): void {
  world.over = true
  world.trace('the chaos is over')
  for (const index of world.machines.keys()) revive(world, index)
}
