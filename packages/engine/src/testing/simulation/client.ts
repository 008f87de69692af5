import type { StartRequest } from '../../api.ts'
import type { RunId } from '../../store/store.ts'
import { newUuid } from '../../uuid.ts'
import { askMachine } from './ask-machine.ts'
import { drawProgram, programJson, WORKFLOWS } from './program.ts'
import { createRandomRequests } from './random-requests.ts'
import { anyMachine, count, type World } from './world.ts'

/** The callers outside: they start runs, send requests about them, and wait for results. */
export interface Client {
  /** Every acknowledged start has a result. */
  isDone(): boolean
  waiting(): readonly RunId[]
}

const ROOTS_MAX = 4
const RESULT_MS = 1_000_000
const AGAIN_MS = 100
const REQUEST_MS = 2000
const RESUME_MS = 3000

export function createClient(world: World): Client {
  const { draw, clock, conditions } = world
  const waiting = new Set<RunId>()
  const wait = (run: RunId): void => {
    world.oracle.acknowledged(run)
    if (waiting.has(run)) return
    waiting.add(run)
    awaitResult(world, run, () => waiting.delete(run))
  }
  const begun = (run: RunId): void => {
    wait(run)
    if (conditions.endless) requests.signalEarly(run)
  }
  let unsent = draw.int(1, ROOTS_MAX)
  for (let index = unsent; index > 0; index--) {
    const start = (): void => startRun(world, drawStart(world), begun, () => unsent--)
    clock.setTimeout(start, draw.int(0, conditions.chaosMs >> 1))
  }
  const requests = createRandomRequests(world, wait)
  const sendOne = (): void => {
    if (world.over) return
    requests.sendOne()
    clock.setTimeout(sendOne, draw.int(1, REQUEST_MS))
  }
  clock.setTimeout(sendOne, draw.int(1, REQUEST_MS))
  const resumeAll = (): void => {
    requests.resumeAll()
    clock.setTimeout(resumeAll, RESUME_MS)
  }
  clock.setTimeout(resumeAll, conditions.chaosMs)
  return { isDone: () => unsent === 0 && requests.open === 0 && waiting.size === 0, waiting: () => [...waiting] }
}

type Start = Omit<StartRequest, 'at'> & { readonly delayMs: number }

function drawStart({ draw, org, clock, conditions }: World): Start {
  return {
    org,
    workflow: draw.pick(WORKFLOWS),
    input: programJson(drawProgram(draw, conditions.endless)),
    delayMs: draw.pick([0, 0, 0, 0, 0, 0, 0, 200, 3000]),
    ...(draw.chance(0.5) ? { runId: newUuid(clock.now(), draw.random) } : {}),
    ...(draw.chance(0.1) ? { timeoutMs: draw.pick([500, 5000]) } : {}),
    ...(draw.chance(0.2) ? { priority: draw.pick(['low', 'high', 'urgent'] as const) } : {}),
    ...(draw.chance(0.1) ? { dedupe: { key: 'once', windowMs: 3_600_000 } } : {}),
    ...(draw.chance(0.1) ? { concurrencyKey: 'shared' } : {}),
  }
}

/** A caller that chose the run's id repeats the request until it is answered. Without an id, a lost answer is not repeated. */
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

/** Waits for the result through one process, and after an error through another. */
function awaitResult(world: World, run: RunId, done: () => void): void {
  const { clock, org, oracle } = world
  const machine = anyMachine(world)
  const again = (): void => void clock.setTimeout(() => awaitResult(world, run, done), AGAIN_MS)
  if (machine === null) return again()
  askMachine(world, machine, () => machine.engine.result(org, run, RESULT_MS)).then((answer) => {
    if (answer === null) return
    oracle.ended(run, answer.status, answer.output)
    done()
  }, again)
}
