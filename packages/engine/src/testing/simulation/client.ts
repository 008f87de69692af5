import { newUuid } from '../../store/memory/uuid.ts'
import type { RunId } from '../../store/store.ts'
import type { Machine, World } from '../simulation.ts'
import { drawProgram, programJson, SIGNALS, WORKFLOWS } from './program.ts'

/** The people outside: they start runs, send signals, cancel, pause and resume, and wait for results. */
export interface Client {
  /** Every start that was acknowledged has been answered for. */
  isDone(): boolean
  waiting(): readonly RunId[]
}

const ROOTS_MAX = 4
const RESULT_MS = 1_000_000
const TEND_MS = 3000

export function createClient(world: World): Client {
  const { draw, clock, weather } = world
  const waiting = new Set<RunId>()
  let unsent = draw.int(1, ROOTS_MAX)
  const client = new Callers(world, waiting)
  for (let index = unsent; index > 0; index--) {
    clock.setTimeout(
      () => {
        unsent--
        client.start()
      },
      draw.int(0, weather.chaosMs >> 1),
    )
  }
  const meddle = (): void => {
    if (world.over) return
    client.meddle()
    clock.setTimeout(meddle, draw.int(1, 3000))
  }
  clock.setTimeout(meddle, draw.int(1, 3000))
  const tend = (): void => {
    if (world.over) client.tend()
    clock.setTimeout(tend, TEND_MS)
  }
  clock.setTimeout(tend, weather.chaosMs)
  return { isDone: () => unsent === 0 && waiting.size === 0, waiting: () => [...waiting] }
}

class Callers {
  private readonly world: World
  private readonly waiting: Set<RunId>
  private signals = 0

  constructor(world: World, waiting: Set<RunId>) {
    this.world = world
    this.waiting = waiting
  }

  start(): void {
    const { draw, org, clock } = this.world
    const program = drawProgram(draw)
    const own = draw.chance(0.5) ? newUuid(clock.now(), draw.random) : null
    const request = { org, workflow: draw.pick(WORKFLOWS), input: programJson(program), ...(own ? { runId: own } : {}) }
    this.tryStart(request, own)
  }

  /** With an id of its own a caller may ask again; without one an answer that never comes is all it gets. */
  private tryStart(request: Parameters<Machine['engine']['start']>[0], own: RunId | null): void {
    const machine = this.anyone()
    if (machine === null) {
      this.world.clock.setTimeout(() => this.tryStart(request, own), 100)
      return
    }
    machine.engine.start(request).then(
      (outcome) => {
        if (!('run' in outcome)) return this.world.oracle.problem(`start: ${JSON.stringify(outcome)}`)
        this.world.trace(`started ${outcome.run} ${request.workflow} ${outcome.type}`)
        this.world.oracle.acknowledged(outcome.run)
        this.waiting.add(outcome.run)
        this.await(outcome.run)
      },
      () => {
        if (own !== null) this.world.clock.setTimeout(() => this.tryStart(request, own), 50)
      },
    )
  }

  /** Waits through some process; if that dies, through another. */
  private await(run: RunId): void {
    const { clock, org, oracle } = this.world
    const machine = this.anyone()
    if (machine === null) {
      clock.setTimeout(() => this.await(run), 200)
      return
    }
    const { process, engine } = machine
    const watch = (): void => {
      if (!this.waiting.has(run)) return
      if (process.alive) clock.setTimeout(watch, 5000)
      else this.await(run)
    }
    clock.setTimeout(watch, 5000)
    engine.result(org, run, RESULT_MS).then(
      (answer) => {
        if (answer === null) return
        oracle.told(run, answer.status, answer.output)
        this.waiting.delete(run)
      },
      () => clock.setTimeout(() => this.await(run), 200),
    )
  }

  /** Does something to a run, through any process; if that fails, it is not tried again. */
  meddle(): void {
    const { draw, org, database, trace } = this.world
    const machine = this.anyone()
    const runs = [...database.tables.live.values()].map((live) => live.row.run)
    if (machine === null || runs.length === 0) return
    const run = draw.pick(runs)
    const { engine } = machine
    const what = draw.int(0, 9)
    const name = draw.pick(SIGNALS)
    trace(`${machine.process.name} is asked: ${what} ${run}`)
    const done = (): Promise<unknown> => {
      if (what < 5) return engine.signal(org, run, name, `${String(++this.signals).padStart(6, '0')}`)
      if (what === 5) return engine.cancel(org, run, 'not wanted')
      if (what === 6) return engine.cancel(org, run, 'not wanted', { terminate: true })
      if (what === 7) return engine.resume(org, run)
      return engine.pause(org, run)
    }
    done().then(
      () => {},
      () => trace('the answer was lost'),
    )
  }

  /** When all is quiet, whoever is paused or blocked is let go on. */
  tend(): void {
    const { database, org } = this.world
    const machine = this.anyone()
    if (machine === null) return
    for (const live of database.tables.live.values()) {
      if (live.pauseRequested || live.state === 'paused' || live.state === 'blocked') {
        machine.engine.resume(org, live.row.run).then(
          () => {},
          (error: unknown) => this.world.oracle.problem(`resume: ${String(error)}`),
        )
      }
    }
  }

  private anyone(): Machine | null {
    const alive = this.world.machines.filter((machine) => machine.process.alive && machine.ready)
    return alive.length === 0 ? null : this.world.draw.pick(alive)
  }
}
