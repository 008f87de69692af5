/**
 * A whole installation in one thread: real engines, the real machine and sandbox, the memory store, a virtual clock.
 * Processes die, stop and stand still, connections break with and without effect, hints get lost; what happens is decided
 * by the seed alone, so any failure can be looked at again.
 */
import { createHash } from 'node:crypto'
import type { BuiltBundle } from '../api.ts'
import { createMemoryDatabase, type MemoryDatabase } from '../store/memory/create-memory-store.ts'
import type { RunId } from '../store/store.ts'
import { newUuid } from '../uuid.ts'
import type { Failure } from '../workflow/protocol.ts'
import { payloadOf } from './simulation/check-history.ts'
import { createClient } from './simulation/client.ts'
import { planDisasters } from './simulation/disasters.ts'
import { createDraw } from './simulation/draw.ts'
import { bootMachine } from './simulation/machines.ts'
import { createOracle } from './simulation/oracle.ts'
import { replayAll } from './simulation/replay-all.ts'
import type { SharedSandbox } from './simulation/shared-sandbox.ts'
import { createFaults, drawWeather } from './simulation/weather.ts'
import { count, isUp, type World } from './simulation/world.ts'
import { createVirtualClock, EPOCH, settle } from './virtual-clock.ts'

export interface SimulationOptions {
  readonly seed: number
  readonly bundles: readonly BuiltBundle[]
  readonly sandbox: SharedSandbox
  /** False: the store lets fenced workers write. The simulation must notice. */
  readonly fencing?: boolean
  /** Called with each line of the trace, and with each call of each process. */
  readonly onLine?: (line: string) => void
}

export interface SimulationResult {
  readonly seed: number
  readonly events: number
  /** Of the whole trace and of what the database holds at the end: the same for the same seed, always. */
  readonly hash: string
  readonly problems: readonly string[]
  /** How often what happened. */
  readonly counts: ReadonlyMap<string, number>
}

const EVENTS_MAX = 60_000
const GLANCE_EVERY = 100
/** Long enough for every wait that a program can have, and for every lease. */
const PATIENCE_MS = 600_000

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const lines: string[] = []
  const world = newWorld(options, (line) => {
    lines.push(line)
    options.onLine?.(line)
  })
  const { oracle, database } = world
  setUp(world)
  const client = createClient(world)
  planDisasters(world)
  const isQuiet = (): boolean => world.over && client.isDone() && database.tables.live.size === 0 && world.machines.some(isUp)
  let events = await runUntil(world, isQuiet, client.waiting)
  if (oracle.problems.length === 0) {
    const replayed = replayAll(world)
    events += await runUntil(world, replayed.isDone, client.waiting)
  }
  oracle.verdict()
  countEnd(world)
  options.sandbox.sweep()
  const hash = createHash('sha256').update(lines.join('\n')).update(describeEnd(database)).digest('hex').slice(0, 16)
  return { seed: options.seed, events, hash, problems: oracle.problems, counts: world.counts }
}

/** Lets things happen, one after another, until all is done or something is wrong. Answers how many happened. */
async function runUntil(world: World, isDone: () => boolean, waiting: () => readonly RunId[]): Promise<number> {
  const { clock, oracle, weather } = world
  const end = Math.max(clock.now(), EPOCH + weather.chaosMs) + PATIENCE_MS
  let events = 0
  while (oracle.problems.length === 0 && !isDone()) {
    if (!clock.runNext()) oracle.problem('nothing is left to happen')
    await settle()
    events++
    if (events % GLANCE_EVERY === 0) oracle.glance()
    if (events > EVENTS_MAX || clock.now() > end) oracle.problem(describeStuck(world, waiting()))
  }
  return events
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
  const stamped = (line: string): void => trace(`${clock.now() - EPOCH} ${line}`)
  const isOver = (): boolean => world.over
  const isDown = (): boolean => clock.now() < world.downUntil
  const faults = createFaults({ draw: draw.split(), weather, isOver, isDown, trace: stamped })
  const database = createMemoryDatabase({ clock, random: draw.split().random, faults, fencing: options.fencing ?? true })
  const org = newUuid(clock.now(), draw.random)
  const world: World = {
    clock,
    draw,
    weather,
    database,
    org,
    oracle: createOracle(database.tables, org),
    bundles: options.bundles,
    sandbox: options.sandbox,
    machines: [],
    downUntil: 0,
    over: false,
    trace: stamped,
    detail: options.onLine,
    counts: new Map(),
  }
  return world
}

function setUp(world: World): void {
  const { org, bundles } = world
  const { tables } = world.database
  const [bundle] = bundles
  if (bundle === undefined) throw new Error('a simulation needs workflows')
  tables.bundles.set(`${org}/${bundle.hash}`, { code: bundle.code, manifest: JSON.stringify(bundle.manifest) })
  for (const { name } of bundle.manifest.workflows) tables.defaults.set(`${org}/${name}`, bundle.hash)
  for (let index = 0; index < world.weather.processes; index++) bootMachine(world, index, `${index}`)
}

function countEnd(world: World): void {
  const { runs, results, journal } = world.database.tables
  count(world, 'runs', runs.size)
  for (const { status } of results.values()) count(world, status)
  for (const rows of journal.values()) {
    for (const row of rows) {
      count(world, `${row.kind} rows`)
      if (row.kind === 'cancel' && payloadOf(row).startsWith('its parent')) count(world, 'closed children')
      if (row.kind === 'cancel' && payloadOf(row) === 'left behind') count(world, 'children left behind')
    }
  }
}

function describeStuck(world: World, waiting: readonly RunId[]): string {
  const live = [...world.database.tables.live.values()].map(
    (row) => `${row.row.run} ${row.row.workflow} ${row.state} ${JSON.stringify(row.waits)}`,
  )
  return `stuck at ${world.clock.now()}: live ${live.join('; ')}; callers wait for ${waiting.join(', ')}`
}
