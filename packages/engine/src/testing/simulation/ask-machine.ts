import { toError } from '../../services/observe.ts'
import type { Machine, World } from './world.ts'

const LOOK_EVERY_MS = 1000

/** A request as its caller sees it: it resolves with the answer, or rejects, also when the process that handles it dies. */
export function askMachine<T>(world: World, { process }: Machine, call: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOpen = true
    const watch = (): void => {
      if (!isOpen) return
      if (process.alive) world.clock.setTimeout(watch, LOOK_EVERY_MS)
      else reject(new Error(`${process.name} is gone`))
    }
    world.clock.setTimeout(watch, LOOK_EVERY_MS)
    call().then(
      (value) => {
        isOpen = false
        resolve(value)
      },
      (error: unknown) => {
        isOpen = false
        reject(toError(error))
      },
    )
  })
}
