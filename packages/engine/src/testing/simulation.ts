/**
 * A whole installation in one thread: real engines, the real machine and sandbox, the memory store, a virtual clock.
 * Processes die and stand still, connections break with and without effect, hints get lost; what happens is decided by
 * the seed alone, so any failure can be looked at again.
 */
import { createHash } from 'node:crypto'
import type { BuiltBundle, Engine, StepSource } from '../api.ts'
import { createEngine } from '../services/create-engine.ts'
import type { EngineFact } from '../services/observe.ts'
import type { MemoryDatabase } from '../store/memory/create-memory-store.ts'
import { createMemoryDatabase } from '../store/memory/create-memory-store.ts'
import { newUuid } from '../store/memory/uuid.ts'
import type { RunId } from '../store/store.ts'
import type { Failure } from '../workflow/protocol.ts'
import type { Weather } from './simulation/chaos.ts'
import { createFaults, drawWeather } from './simulation/chaos.ts'
import { createClient } from './simulation/client.ts'
import type { Draw } from './simulation/draw.ts'
import { createDraw } from './simulation/draw.ts'
import { createEffects } from './simulation/effects.ts'
import type { Oracle } from './simulation/oracle.ts'
import { createOracle } from './simulation/oracle.ts'
import type { SharedSandbox } from './simulation/shared-sandbox.ts'
import type { SimProcess } from './simulation/sim-process.ts'
import { createProcess } from './simulation/sim-process.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { createVirtualClock, EPOCH, settle } from './virtual-clock.ts'

export interface SimulationOptions {
  readonly seed: number
  readonly bundle: BuiltBundle
  readonly sandbox: SharedSandbox
  /** False: the store lets fenced workers write. The simulation must notice. */
  readonly fencing?: boolean
  /** Called with each line of the trace. */
  readonly onLine?: (line: string) => void
}

export interface SimulationResult {
  readonly seed: number
  readonly events: number
  /** Of the whole trace and of what the database holds at the end: the same for the same seed, always. */
  readonly hash: string
  readonly problems: readonly string[]
  readonly counts: Readonly<Record<'runs' | 'effects' | 'crashes' | 'pauses' | 'lost' | 'fenced', number>>
}

/** Everything of one simulation that its parts share. */
export interface World {
  readonly clock: VirtualClock
  readonly draw: Draw
  readonly weather: Weather
  readonly database: MemoryDatabase
  readonly oracle: Oracle
  readonly org: string
  readonly machines: Machine[]
  /** Faults are over: whatever is unfinished now must finish. */
  over: boolean
  readonly trace: (line: string) => void
  readonly counts: { runs: number; effects: number; crashes: number; pauses: number; lost: number; fenced: number }
}

/** A place where one process after the other runs. */
export interface Machine {
  process: SimProcess
  engine: Engine
  /** It knows the database's time; before that its own clock may be hours off. */
  ready: boolean
}

const EVENTS_MAX = 60_000
const GLANCE_EVERY = 500
/** Long enough for every wait that a program can have, and for every lease. */
const PATIENCE_MS = 600_000
const BEAT_MS = 2000
const LEASE_MS = 5000

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const lines: string[] = []
  const world = newWorld(options, (line) => {
    lines.push(line)
    options.onLine?.(line)
  })
  const { clock, oracle, database, weather, counts } = world
  await setUp(world, options)
  const start = clock.now()
  const client = createClient(world)
  plan(world, options)
  clock.setTimeout(() => endChaos(world, options), weather.chaosMs)

  let events = 0
  const isDone = (): boolean => world.over && client.isDone() && database.tables.live.size === 0
  while (!isDone()) {
    if (!clock.runNext()) oracle.problem('nothing is left to happen')
    await settle()
    events++
    if (events % GLANCE_EVERY === 0) oracle.glance()
    if (events > EVENTS_MAX || clock.now() > start + weather.chaosMs + PATIENCE_MS) oracle.problem(describeStuck(world, client.waiting()))
    if (oracle.problems.length > 0) break
  }
  oracle.verdict()
  counts.runs = database.tables.runs.size
  options.sandbox.sweep()
  const hash = createHash('sha256').update(lines.join('\n')).update(describeEnd(database)).digest('hex').slice(0, 16)
  return { seed: options.seed, events, hash, problems: oracle.problems, counts }
}

/** What the database holds, but for stacks, which name files of the machine. */
function describeEnd({ tables }: MemoryDatabase): string {
  const lines: string[] = []
  const failure = (error: Failure | null): string => (error === null ? '' : `${error.name}: ${error.message}`)
  for (const rows of tables.journal.values()) {
    for (const row of rows) {
      lines.push(
        `${row.run} ${row.seq} ${row.kind} ${row.cmd} ${row.name} ${row.input} ${row.output} ${failure(row.error)} ${row.attempt} ${row.at}`,
      )
    }
  }
  for (const { run, status, output, error, at } of tables.results.values()) lines.push(`${run} ${status} ${output} ${failure(error)} ${at}`)
  return lines.join('\n')
}

function newWorld(options: SimulationOptions, trace: World['trace']): World {
  const draw = createDraw(options.seed)
  const weather = drawWeather(draw)
  const clock = createVirtualClock({ random: draw.split().random })
  const state = { over: false }
  const stamped = (line: string): void => trace(`${clock.now() - EPOCH} ${line}`)
  const faults = createFaults(draw.split(), weather, () => state.over, stamped)
  const database = createMemoryDatabase({ clock, random: draw.split().random, faults, fencing: options.fencing ?? true })
  const org = newUuid(clock.now(), draw.random)
  const world: World = {
    clock,
    draw,
    weather,
    database,
    org,
    oracle: createOracle(database.tables, org),
    machines: [],
    get over() {
      return state.over
    },
    set over(value) {
      state.over = value
    },
    trace: stamped,
    counts: { runs: 0, effects: 0, crashes: 0, pauses: 0, lost: 0, fenced: 0 },
  }
  return world
}

async function setUp(world: World, options: SimulationOptions): Promise<void> {
  const { bundle } = options
  const { org, database } = world
  const tables = database.tables
  tables.bundles.set(`${org}/${bundle.hash}`, { code: bundle.code, manifest: JSON.stringify(bundle.manifest) })
  for (const { name } of bundle.manifest.workflows) tables.defaults.set(`${org}/${name}`, bundle.hash)
  for (let index = 0; index < world.weather.processes; index++) world.machines.push(boot(world, options, `${index}`))
}

function boot(world: World, options: SimulationOptions, name: string): Machine {
  const { draw, clock, database } = world
  const process = createProcess(clock, name, draw.pick([0, 0, -3_600_000, 1234, 3_600_000]))
  const connection = database.connect(process.clock)
  const random = draw.split().random
  const observe = (fact: EngineFact): void => note(world, process, fact)
  const engine = createEngine({
    store: connection,
    notifier: connection.notifier,
    clock: process.clock,
    random,
    observe,
    makeSandbox: options.sandbox.make,
    leaseMs: LEASE_MS,
    beatMs: BEAT_MS,
  })
  const steps: StepSource = createEffects(world, process)
  const machine = { process, engine, ready: false }
  work(world, machine, steps)
  return machine
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
  if (fact.type === 'lost') {
    world.counts.lost++
    if (fact.cause === 'fenced') world.counts.fenced++
  }
  const detail =
    fact.type === 'trouble' ? `${fact.where} ${fact.error.message}` : fact.type === 'blocked' ? `${fact.run} ${fact.reason}` : ''
  world.trace(`${process.name} ${fact.type} ${detail}`)
}

/** Crashes and pauses, at random times until the chaos is over. */
function plan(world: World, options: SimulationOptions): void {
  const { draw, weather, clock, machines, counts } = world
  const again = (meanMs: number | null, happen: (machine: Machine, index: number) => void): void => {
    if (meanMs === null) return
    clock.setTimeout(
      () => {
        if (world.over) return
        const index = draw.int(0, machines.length - 1)
        const machine = machines[index]
        if (machine?.process.alive) happen(machine, index)
        again(meanMs, happen)
      },
      draw.int(1, 2 * meanMs),
    )
  }
  again(weather.crashMs, (machine, index) => {
    counts.crashes++
    world.trace(`${machine.process.name} dies`)
    machine.process.kill()
    clock.setTimeout(() => restart(world, options, index), draw.int(1, 4000))
  })
  again(weather.pauseMs, (machine) => {
    counts.pauses++
    const ms = draw.pick([100, 1000, 6000, 15_000])
    world.trace(`${machine.process.name} stands still for ${ms}`)
    machine.process.pauseUntil(clock.now() + ms)
  })
}

function restart(world: World, options: SimulationOptions, index: number): void {
  const before = world.machines[index]
  if (before?.process.alive !== false) return
  world.machines[index] = boot(world, options, `${before.process.name}'`)
}

function endChaos(world: World, options: SimulationOptions): void {
  world.over = true
  world.trace('the chaos is over')
  for (const index of world.machines.keys()) restart(world, options, index)
}

function describeStuck(world: World, waiting: readonly RunId[]): string {
  const live = [...world.database.tables.live.values()].map(
    (row) => `${row.row.run} ${row.row.workflow} ${row.state} ${JSON.stringify(row.waits)}`,
  )
  return `stuck at ${world.clock.now()}: live ${live.join('; ')}; callers wait for ${waiting.join(', ')}`
}
