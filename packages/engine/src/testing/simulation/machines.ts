import { createHash } from 'node:crypto'
import type { StepSource } from '../../api.ts'
import { createEngine } from '../../services/engine/create-engine.ts'
import type { EngineFact } from '../../services/observe.ts'
import { EPOCH } from '../virtual-clock.ts'
import { createDraw } from './draw.ts'
import { createEffects } from './effects.ts'
import type { SandboxFate } from './shared-sandbox.ts'
import { createProcess, type SimProcess } from './sim-process.ts'
import { count, type Machine, type World } from './world.ts'
import { addTransactions, type Fate, killableStore, watchStore } from './wrap-store.ts'

const BEAT_MS = 2000
const LEASE_MS = 5000
const STILL_MS = [100, 1000, 6000, 15_000] as const
const DEAD_MAX_MS = 4000

/** Starts the next process in a machine's place. */
export function bootMachine(world: World, index: number, name: string): void {
  const { draw, clock, database, detail } = world
  const process = createProcess(clock, name, draw.pick([0, 0, -3_600_000, 1234, 3_600_000]))
  const connection = database.connect(process.clock)
  const fates = draw.split()
  const fateOf = (call: string): Fate => {
    if (world.over || !fates.chance(world.conditions.fatal)) return 'lives'
    const fate = fates.pick(['dies before', 'dies after', 'pauses'] as const)
    world.trace(`${name} ${fate} ${call}`)
    if (fate === 'pauses') {
      pauseMachine(world, machine)
      return 'lives'
    }
    killMachine(world, index)
    return fate
  }
  const store = addTransactions(killableStore(connection, () => process.alive, fateOf))
  const engine = createEngine({
    store: detail ? watchStore(store, (line) => detail(`${clock.now() - EPOCH} ${name}${line}`)) : store,
    notifier: connection.notifier,
    clock: process.clock,
    random: draw.split().random,
    observe: (fact) => note(world, process, fact),
    hosts: world.sandbox.hosts(sandboxFate(world, process)),
    leaseMs: LEASE_MS,
    beatMs: BEAT_MS,
    shareMin: world.conditions.shareMin,
  })
  const machine: Machine = { process, engine, ready: false }
  world.machines[index] = machine
  work(world, machine, createEffects(world, process))
}

const FATAL_SANDBOX = 0.003

/** Draws of its own, so that the other draws of a seed stay what they are. */
function sandboxFate(world: World, { name, clock }: SimProcess): SandboxFate {
  const draw = createDraw(createHash('sha256').update(`${world.org}/${name}`).digest().readUInt32BE())
  const { sandboxMs } = world.conditions
  return {
    clock,
    nextMs: () => (sandboxMs === null ? null : draw.int(0, sandboxMs)),
    isFatal: () => sandboxMs !== null && !world.over && draw.chance(FATAL_SANDBOX),
  }
}

/** If the first registration fails, the process tries again, as a supervisor would. */
function work(world: World, machine: Machine, steps: StepSource): void {
  const { process, engine } = machine
  engine.work({ steps, slots: world.conditions.slots }).then(
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

/** Kills the process between two events. Another process replaces it after a while. */
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
  world.trace(`${process.name} pauses for ${ms}`)
  process.pauseUntil(world.clock.now() + ms)
}

/** Asks the process to stop: it hands over its runs and ends. */
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
  machine.engine.close().then(end('stopped'), end('failed to stop'))
}

function replace(world: World, index: number, { process }: Machine): void {
  process.kill()
  world.clock.setTimeout(() => revive(world, index), world.draw.int(1, DEAD_MAX_MS))
}

/** Starts a process in a place whose last process is dead. */
export function revive(world: World, index: number): void {
  const before = world.machines[index]
  if (before && !before.process.alive) bootMachine(world, index, `${before.process.name}'`)
}
