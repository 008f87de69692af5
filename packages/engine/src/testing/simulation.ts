/**
 * Simulates a whole installation in one thread: real engines, the real machine and sandbox, the memory store, a virtual clock. Processes
 * die, stop and pause, connections break before or after the effect, and hints get lost. The seed alone decides what happens, so any
 * failure can be reproduced.
 */
import { createHash } from 'node:crypto'
import type { BuiltBundle } from '../api.ts'
import { createMemoryDatabase, type MemoryDatabase } from '../store/memory/create-memory-store.ts'
import type { RunId } from '../store/store.ts'
import { newUuid } from '../uuid.ts'
import type { Failure } from '../workflow/protocol.ts'
import { payloadOf } from './simulation/check-history.ts'
import { createClient } from './simulation/client.ts'
import { createFaults, drawConditions } from './simulation/conditions.ts'
import { createDraw } from './simulation/draw.ts'
import { bootMachine } from './simulation/machines.ts'
import { createOracle } from './simulation/oracle.ts'
import { planFaults } from './simulation/plan-faults.ts'
import type { SharedSandbox } from './simulation/shared-sandbox.ts'
import { anyMachine, count, isUp, type World } from './simulation/world.ts'
import { createVirtualClock, EPOCH, settle } from './virtual-clock.ts'

export interface SimulationOptions {
  readonly seed: number
  readonly bundles: readonly BuiltBundle[]
  readonly sandbox: SharedSandbox
  /** False: the store lets fenced workers write, and the simulation must notice. */
  readonly fencing?: boolean
  /** Called with each line of the trace and with each call of each process. */
  readonly onLine?: (line: string) => void
}

export interface SimulationResult {
  readonly seed: number
  readonly events: number
  /** Hash of the whole trace and of the database's final content. The same seed always produces the same hash. */
  readonly hash: string
  readonly problems: readonly string[]
  /** How often each kind of event happened. */
  readonly counts: ReadonlyMap<string, number>
}

const EVENTS_MAX = 60_000
const CHECK_EVERY_EVENTS = 100
/** Longer than every wait that a program can have, and than every lease. */
const DRAIN_MS_MAX = 600_000

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const lines: string[] = []
  const world = newWorld(options, (line) => {
    lines.push(line)
    options.onLine?.(line)
  })
  const { oracle, database } = world
  setUp(world)
  const client = createClient(world)
  planFaults(world)
  const isQuiet = (): boolean => world.over && client.isDone() && database.tables.live.size === 0 && world.machines.some(isUp)
  let events = await runUntil(world, isQuiet, client.waiting)
  if (oracle.problems.length === 0) {
    const replayed = replayAll(world)
    events += await runUntil(world, replayed.isDone, client.waiting)
  }
  oracle.checkEnd()
  countEnd(world)
  options.sandbox.sweep()
  const hash = createHash('sha256').update(lines.join('\n')).update(describeEnd(database)).digest('hex').slice(0, 16)
  return { seed: options.seed, events, hash, problems: oracle.problems, counts: world.counts }
}

/** Runs events one after another until `isDone` or until the oracle has found a problem. Returns the number of events. */
async function runUntil(world: World, isDone: () => boolean, waiting: () => readonly RunId[]): Promise<number> {
  const { clock, oracle, conditions } = world
  const end = Math.max(clock.now(), EPOCH + conditions.chaosMs) + DRAIN_MS_MAX
  let events = 0
  while (oracle.problems.length === 0 && !isDone()) {
    if (!clock.runNext()) oracle.problem('no event is pending')
    await settle()
    events++
    if (events % CHECK_EVERY_EVENTS === 0) oracle.checkInvariants()
    if (events > EVENTS_MAX || clock.now() > end) oracle.problem(describeStuck(world, waiting()))
  }
  return events
}

/** The content of the database without stacks, which contain the machine's file names. */
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
  const conditions = drawConditions(draw)
  const clock = createVirtualClock({ random: draw.split().random })
  const stamped = (line: string): void => trace(`${clock.now() - EPOCH} ${line}`)
  const isOver = (): boolean => world.over
  const isDown = (): boolean => clock.now() < world.downUntil
  const faults = createFaults({ draw: draw.split(), conditions, isOver, isDown, trace: stamped })
  const database = createMemoryDatabase({ clock, random: draw.split().random, faults, fencing: options.fencing ?? true })
  const org = newUuid(clock.now(), draw.random)
  const world: World = {
    clock,
    draw,
    conditions,
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
  tables.bundles.set(`${org}/${bundle.hash}`, { code: bundle.code, manifest: JSON.stringify(bundle.manifest), map: null })
  for (const { name } of bundle.manifest.workflows) tables.defaults.set(`${org}/${name}`, bundle.hash)
  for (let index = 0; index < world.conditions.processes; index++) bootMachine(world, index, `${index}`)
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

/** Invariant (I12): the history of every ended run can be replayed by the code that produced it. */
function replayAll(world: World): { isDone(): boolean } {
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
