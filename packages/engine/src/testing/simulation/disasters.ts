import { killMachine, pauseMachine, revive, stopMachine } from './machines.ts'
import { count, type World } from './world.ts'

const OUTAGE_MAX_MS = 8000

/** What happens to processes and to the database, at random times until the chaos is over. */
export function planDisasters(world: World): void {
  const { draw, weather, clock, machines } = world
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
  again(weather.crashMs, () => killMachine(world, anywhere()))
  again(weather.stopMs, () => stopMachine(world, anywhere()))
  again(weather.pauseMs, () => {
    const machine = machines[anywhere()]
    if (machine?.process.alive) pauseMachine(world, machine)
  })
  again(weather.outageMs, () => {
    const ms = draw.int(100, OUTAGE_MAX_MS)
    count(world, 'outages')
    world.trace(`the database is down for ${ms}`)
    world.downUntil = clock.now() + ms
  })
  clock.setTimeout(() => endDisasters(world), weather.chaosMs)
}

/** From now on all is well, but for what went wrong before. */
function endDisasters(world: World): void {
  world.over = true
  world.trace('the chaos is over')
  for (const index of world.machines.keys()) revive(world, index)
}
