import type { StepSource } from '../../api.ts'
import { createEngine } from '../../services/engine/create-engine.ts'
import type { EngineFact } from '../../services/observe.ts'
import { EPOCH } from '../virtual-clock.ts'
import { createEffects } from './effects.ts'
import { createProcess, type SimProcess } from './sim-process.ts'
import { count, type Machine, type World } from './world.ts'
import { addTransactions, endangerStore, type Fate, watchStore } from './wrap-store.ts'

const BEAT_MS = 2000
const LEASE_MS = 5000
const STILL_MS = [100, 1000, 6000, 15_000] as const
const DEAD_MAX_MS = 4000

/** Starts the next process of a place. */
export function bootMachine(world: World, index: number, name: string): void {
  const { draw, clock, database, detail } = world
  const process = createProcess(clock, name, draw.pick([0, 0, -3_600_000, 1234, 3_600_000]))
  const connection = database.connect(process.clock)
  const fates = draw.split()
  const meet = (call: string): Fate => {
    if (world.over || !fates.chance(world.weather.fatal)) return 'lives'
    const fate = fates.pick(['dies before', 'dies after', 'stands still'] as const)
    world.trace(`${name} ${fate} ${call}`)
    if (fate === 'stands still') {
      pauseMachine(world, machine)
      return 'lives'
    }
    killMachine(world, index)
    return fate
  }
  const store = addTransactions(endangerStore(connection, () => process.alive, meet))
  const engine = createEngine({
    store: detail ? watchStore(store, (line) => detail(`${clock.now() - EPOCH} ${name}${line}`)) : store,
    notifier: connection.notifier,
    clock: process.clock,
    random: draw.split().random,
    observe: (fact) => note(world, process, fact),
    makeSandbox: world.sandbox.make,
    leaseMs: LEASE_MS,
    beatMs: BEAT_MS,
    shareMin: world.weather.shareMin,
  })
  const machine: Machine = { process, engine, ready: false }
  world.machines[index] = machine
  work(world, machine, createEffects(world, process))
}

/** A process whose first registration fails tries again, as its supervisor would. */
function work(world: World, machine: Machine, steps: StepSource): void {
  const { process, engine } = machine
  engine.work({ steps, slots: world.weather.slots }).then(
    () => {
      machine.ready = true
      world.trace(`${process.name} works`)
    },
    () => process.clock.setTimeout(() => work(world, machine, steps), 100),
  )
}

function note(world: World, process: SimProcess, fact: EngineFact): void {
  if (fact.type === 'blocked') world.oracle.blocked(fact.run, fact.reason)
  if (fact.type === 'lost') count(world, fact.cause === 'fenced' ? 'fenced' : 'lost')
  if (fact.type === 'replayed') count(world, 'replays')
  const detail =
    fact.type === 'trouble' ? `${fact.where} ${fact.error.message}` : fact.type === 'blocked' ? `${fact.run} ${fact.reason}` : ''
  world.trace(`${process.name} ${fact.type} ${detail}`)
}

/** The process is gone between one moment and the next; another takes its place after a while. */
export function killMachine(world: World, index: number): void {
  const machine = world.machines[index]
  if (!machine?.process.alive) return
  count(world, 'crashes')
  world.trace(`${machine.process.name} dies`)
  replace(world, index, machine)
}

export function pauseMachine(world: World, { process }: Machine): void {
  const ms = world.draw.pick(STILL_MS)
  count(world, 'pauses')
  world.trace(`${process.name} stands still for ${ms}`)
  process.pauseUntil(world.clock.now() + ms)
}

/** The process is asked to stop: it hands on what it has, and ends. */
export function stopMachine(world: World, index: number): void {
  const machine = world.machines[index]
  if (!machine?.process.alive || !machine.ready) return
  machine.ready = false
  count(world, 'stops')
  world.trace(`${machine.process.name} is asked to stop`)
  const end = (how: string) => (): void => {
    if (!machine.process.alive) return
    world.trace(`${machine.process.name} ${how}`)
    replace(world, index, machine)
  }
  machine.engine.close().then(end('stopped'), end('ended without a word'))
}

function replace(world: World, index: number, { process }: Machine): void {
  process.kill()
  world.clock.setTimeout(() => revive(world, index), world.draw.int(1, DEAD_MAX_MS))
}

/** Starts a process in a place whose last one is dead. */
export function revive(world: World, index: number): void {
  const before = world.machines[index]
  if (before && !before.process.alive) bootMachine(world, index, `${before.process.name}'`)
}
