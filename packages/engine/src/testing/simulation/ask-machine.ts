import type { Machine, World } from './world.ts'

const LOOK_EVERY_MS = 1000

/** What a caller sees of a request: the answer, or an error, also when the process that had it is gone. */
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
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}
