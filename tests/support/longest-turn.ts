import { setImmediate } from 'node:timers/promises'

/**
 * The most processor time, in ms, that this thread used in one turn of its event loop while `work` ran: for so long no other request was
 * answered. Unlike a delay on the clock, other processes do not change it much.
 */
export async function longestTurnMs<T>(work: () => Promise<T>): Promise<{ readonly longestMs: number; readonly value: T }> {
  let isOver = false
  let longestMs = 0
  const watch = async () => {
    for (let before = process.threadCpuUsage(); !isOver; before = process.threadCpuUsage()) {
      await setImmediate()
      const { user, system } = process.threadCpuUsage(before)
      longestMs = Math.max(longestMs, (user + system) / 1000)
    }
  }
  const watching = watch()
  const value = await work().finally(() => {
    isOver = true
  })
  await watching
  return { value, longestMs }
}
