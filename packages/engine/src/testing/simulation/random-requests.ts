import type { RunId, Wait } from '../../store/store.ts'
import { newUuid } from '../../uuid.ts'
import { askMachine } from './ask-machine.ts'
import { LANES, SIGNALS, STAY } from './program.ts'
import { anyMachine, count, type Machine, type World } from './world.ts'

export interface RandomRequests {
  /** Requests that have no answer yet. */
  readonly open: number
  /** Sends a random request about a random run to a random process. */
  sendOne(): void
  /** Sends signals to a run that may not wait for them yet. */
  signalEarly(run: RunId): void
  /** After the faults: resumes paused and blocked runs, and sends the signals without which a run would wait forever. */
  resumeAll(): void
}

type RequestKind = 'signal' | 'cancel' | 'terminate' | 'pause' | 'resume' | 'query' | 'retry' | 'fork' | 'deploy' | 'limit' | 'queue'

const REQUEST_KINDS: readonly RequestKind[] = [
  ...(['signal', 'signal', 'signal', 'signal', 'signal', 'cancel', 'terminate', 'pause', 'pause', 'resume'] as const),
  ...(['query', 'retry', 'fork', 'deploy', 'limit', 'queue'] as const),
]

/** `wait` is called with every new run, to wait for its result. */
export function createRandomRequests(world: World, wait: (run: RunId) => void): RandomRequests {
  const { draw, org, database, trace, oracle } = world
  const { live, results } = database.tables
  const send = async (kind: RequestKind, { engine }: Machine, run: RunId, ended: RunId): Promise<unknown> => {
    switch (kind) {
      case 'signal':
        return sendSignal(world, run)
      case 'cancel':
      case 'terminate':
        return engine.cancel(org, run, 'not wanted', { terminate: kind === 'terminate' })
      case 'pause':
        return engine.pause(org, run)
      case 'resume':
        return engine.resume(org, run)
      case 'query':
        return oracle.answered(run, await engine.query(org, run, 'seen', null))
      case 'retry':
        return follow(await engine.retry(org, ended))
      case 'fork':
        return follow(await engine.fork(org, draw.pick([run, ended]), draw.int(1, 6)))
      case 'deploy':
        return engine.deploy(org, draw.pick(world.bundles))
      case 'limit':
        return engine.setLimit(org, `workflow:queued:${draw.pick(LANES)}`, draw.pick([1, 2, 3, null]))
      case 'queue':
        return engine.setQueuePaused(org, 'default', draw.chance(0.5))
    }
  }
  const follow = (made: { readonly run: RunId } | null): void => {
    if (made) wait(made.run)
  }
  let open = 0
  return {
    get open() {
      return open
    },
    sendOne: () => {
      const machine = anyMachine(world)
      const kind = draw.pick(REQUEST_KINDS)
      const [run, ended] = [live, results].map((table) => [...table.keys()].map((id) => id.slice(org.length + 1))).map(pickOne)
      if (machine === null || (run ?? ended) === undefined) return
      const [some, over] = [run ?? ended ?? '', ended ?? run ?? '']
      trace(`${machine.process.name} is asked to ${kind} ${some}`)
      count(world, kind)
      open++
      void askMachine(world, machine, () => send(kind, machine, some, over))
        .catch(() => trace('the answer was lost'))
        .finally(() => open--)
    },
    signalEarly: (run) => {
      for (let left = draw.int(0, EARLY_MAX); left > 0; left--) sendSignal(world, run)
    },
    resumeAll: () => {
      const machine = anyMachine(world)
      if (machine === null) return
      const onError = (error: unknown): void => trace(`the request failed: ${String(error)}`)
      machine.engine.setQueuePaused(org, 'default', false).then(() => machine.engine.nudge([]), onError)
      for (const { row, state, pauseRequested, waits } of live.values()) {
        if (pauseRequested || state === 'paused' || state === 'blocked') machine.engine.resume(org, row.run).then(() => {}, onError)
        // A signal that has arrived is not sent again. If the engine lost it, the run never ends, which is reported.
        for (const name of awaited(waits)) if (!oracle.isUnread(row.run, name)) sendSignal(world, row.run, name)
        // Only a retry or a fork of a child that stays has no parent whose end stops it.
        if (waits.some(isStay) && row.parent === null) machine.engine.cancel(org, row.run, 'left behind').then(() => {}, onError)
      }
    },
  }
  function pickOne(list: readonly RunId[]): RunId | undefined {
    return list.length === 0 ? undefined : draw.pick(list)
  }
}

const EARLY_MAX = 2

const isStay = (wait: Wait): boolean => wait.type === 'signal' && wait.name === STAY

/** The signals that a run waits for without a time limit. */
const awaited = (waits: readonly Wait[]): readonly string[] =>
  waits.flatMap((wait) => (wait.type === 'signal' && wait.until === null && !isStay(wait) ? [wait.name] : []))

const AGAIN_MS = 150

/** Sends one message, and often another once it knows that the first has arrived. The engine must keep the order of those. */
function sendSignal(world: World, run: RunId, name: string = world.draw.pick(SIGNALS)): void {
  const { draw, clock, org, oracle } = world
  const payload = String(count(world, 'signals')).padStart(6, '0')
  // A message with an id of its own may be sent again, and is received once.
  const id = draw.chance(0.5) ? newUuid(clock.now(), draw.random) : undefined
  oracle.sent(run, name, payload)
  const send = (): void => {
    const machine = anyMachine(world)
    const again = (): void => void (id && clock.setTimeout(send, AGAIN_MS))
    if (machine === null) return again()
    askMachine(world, machine, () => machine.engine.signal(org, run, name, payload, id === undefined ? {} : { id })).then((outcome) => {
      if (outcome.type !== 'delivered') return
      oracle.delivered(payload)
      if (draw.chance(0.2)) again()
      if (draw.chance(0.4)) sendSignal(world, run, name)
    }, again)
  }
  send()
}
