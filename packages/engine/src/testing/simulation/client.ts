import type { StartRequest } from '../../api.ts'
import type { RunId } from '../../store/store.ts'
import { newUuid } from '../../uuid.ts'
import { askMachine } from './ask-machine.ts'
import { createMeddler } from './meddle.ts'
import { drawProgram, programJson, WORKFLOWS } from './program.ts'
import { anyMachine, count, type World } from './world.ts'

/** The people outside: they start runs, do things to them, and wait for results. */
export interface Client {
  /** Every start that was acknowledged has been answered for. */
  isDone(): boolean
  waiting(): readonly RunId[]
}

const ROOTS_MAX = 4
const RESULT_MS = 1_000_000
const AGAIN_MS = 100
const MEDDLE_MS = 2000
const TEND_MS = 3000

export function createClient(world: World): Client {
  const { draw, clock, weather } = world
  const waiting = new Set<RunId>()
  const wait = (run: RunId): void => {
    world.oracle.acknowledged(run)
    if (waiting.has(run)) return
    waiting.add(run)
    awaitResult(world, run, () => waiting.delete(run))
  }
  const begun = (run: RunId): void => {
    wait(run)
    if (weather.endless) meddler.signalEarly(run)
  }
  let unsent = draw.int(1, ROOTS_MAX)
  for (let index = unsent; index > 0; index--) {
    const start = (): void => startRun(world, drawStart(world), begun, () => unsent--)
    clock.setTimeout(start, draw.int(0, weather.chaosMs >> 1))
  }
  const meddler = createMeddler(world, wait)
  const meddle = (): void => {
    if (world.over) return
    meddler.meddle()
    clock.setTimeout(meddle, draw.int(1, MEDDLE_MS))
  }
  clock.setTimeout(meddle, draw.int(1, MEDDLE_MS))
  const tend = (): void => {
    meddler.tend()
    clock.setTimeout(tend, TEND_MS)
  }
  clock.setTimeout(tend, weather.chaosMs)
  return { isDone: () => unsent === 0 && meddler.open === 0 && waiting.size === 0, waiting: () => [...waiting] }
}

type Start = Omit<StartRequest, 'at'> & { readonly delayMs: number }

function drawStart({ draw, org, clock, weather }: World): Start {
  return {
    org,
    workflow: draw.pick(WORKFLOWS),
    input: programJson(drawProgram(draw, weather.endless)),
    delayMs: draw.pick([0, 0, 0, 0, 0, 0, 0, 200, 3000]),
    ...(draw.chance(0.5) ? { runId: newUuid(clock.now(), draw.random) } : {}),
    ...(draw.chance(0.1) ? { timeoutMs: draw.pick([500, 5000]) } : {}),
    ...(draw.chance(0.2) ? { priority: draw.pick(['low', 'high', 'urgent'] as const) } : {}),
    ...(draw.chance(0.1) ? { dedupe: { key: 'once', windowMs: 3_600_000 } } : {}),
    ...(draw.chance(0.1) ? { concurrencyKey: 'shared' } : {}),
  }
}

/** With an id of its own a caller asks until it is answered; without one an answer that never comes is all it gets. */
function startRun(world: World, start: Start, wait: (run: RunId) => void, done: () => void): void {
  const { clock, oracle } = world
  const machine = anyMachine(world)
  const again = (): void => void clock.setTimeout(() => startRun(world, start, wait, done), AGAIN_MS)
  if (machine === null) return again()
  const { delayMs, ...request } = start
  world.trace(`${machine.process.name} is asked to start ${request.workflow} ${request.runId ?? ''}`)
  const at = delayMs === 0 ? {} : { at: machine.engine.now() + delayMs }
  askMachine(world, machine, () => machine.engine.start({ ...request, ...at })).then(
    (outcome) => {
      done()
      if (!('run' in outcome)) return oracle.problem(`start: ${JSON.stringify(outcome)}`)
      world.trace(`started ${outcome.run} ${request.workflow} ${outcome.type}`)
      count(world, outcome.type)
      if (request.dedupe) oracle.deduped(`${request.workflow} ${request.dedupe.key}`, outcome.run)
      wait(outcome.run)
    },
    () => (request.runId === undefined ? done() : again()),
  )
}

/** Waits through some process; if that fails, through another. */
function awaitResult(world: World, run: RunId, done: () => void): void {
  const { clock, org, oracle } = world
  const machine = anyMachine(world)
  const again = (): void => void clock.setTimeout(() => awaitResult(world, run, done), AGAIN_MS)
  if (machine === null) return again()
  askMachine(world, machine, () => machine.engine.result(org, run, RESULT_MS)).then((answer) => {
    if (answer === null) return
    oracle.told(run, answer.status, answer.output)
    done()
  }, again)
}
