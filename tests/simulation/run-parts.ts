import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { addTally, newTally, type SeedsOrder, type Tally } from './tally.ts'

const part = fileURLToPath(new URL('part.ts', import.meta.url))
/** Seeds per order: a few seconds of work. */
const PART_SEEDS = 500

export interface Progress {
  readonly tally: Tally
  /** The part that has just been completed. */
  readonly latest: Tally
  /** Every seed below it is done; a later run can continue from it. */
  readonly doneBelow: number
}

/** Distributes the seeds over processes, in order. */
export async function runParts(order: SeedsOrder, processes: number, onProgress: (progress: Progress) => void = () => {}): Promise<Tally> {
  const end = order.from + order.seeds
  const tally = newTally()
  const inProgress = new Set<number>()
  let next = order.from
  const work = async (): Promise<void> => {
    const child = fork(part, { execArgv: ['--conditions=orrery-source'] })
    try {
      await nextMessage(child)
      while (next < end) {
        const from = next
        const seeds = Math.min(PART_SEEDS, end - from)
        next += seeds
        inProgress.add(from)
        const answer = nextMessage(child)
        child.send({ ...order, from, seeds } satisfies SeedsOrder)
        const latest = (await answer) as Tally
        inProgress.delete(from)
        addTally(tally, latest)
        onProgress({ tally, latest, doneBelow: Math.min(next, ...inProgress) })
      }
    } finally {
      child.kill()
    }
  }
  await Promise.all(Array.from({ length: processes }, work))
  return tally
}

/** The next message of a process. Rejects if the process ends first. */
function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a process of the simulation ended with code ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}
