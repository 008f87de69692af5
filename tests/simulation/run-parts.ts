import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { addTally, newTally, type SeedsOrder, type Tally } from './tally.ts'

const part = fileURLToPath(new URL('part.ts', import.meta.url))
/** A process is given so many seeds at a time: some seconds' work. */
const PART_SEEDS = 500

export interface Progress {
  readonly tally: Tally
  /** Of the part that has just come in. */
  readonly latest: Tally
  /** Every seed below it is done: the place to go on from. */
  readonly doneBelow: number
}

/** Shares the seeds between processes, in order. */
export async function runParts(order: SeedsOrder, processes: number, onProgress: (progress: Progress) => void = () => {}): Promise<Tally> {
  const end = order.from + order.seeds
  const tally = newTally()
  const underWay = new Set<number>()
  let next = order.from
  const work = async (): Promise<void> => {
    const child = fork(part, { execArgv: ['--conditions=orrery-source'] })
    try {
      await answerOf(child)
      while (next < end) {
        const from = next
        const seeds = Math.min(PART_SEEDS, end - from)
        next += seeds
        underWay.add(from)
        const answer = answerOf(child)
        child.send({ ...order, from, seeds } satisfies SeedsOrder)
        const latest = (await answer) as Tally
        underWay.delete(from)
        addTally(tally, latest)
        onProgress({ tally, latest, doneBelow: Math.min(next, ...underWay) })
      }
    } finally {
      child.kill()
    }
  }
  await Promise.all(Array.from({ length: processes }, work))
  return tally
}

/** The next message of a process. A process that ends instead is an error. */
function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a process of the simulation ended with code ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message)
    })
  })
}
