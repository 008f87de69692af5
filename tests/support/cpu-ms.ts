/**
 * CPU time of this thread in ms for some repetitions of `work`: unlike time on the clock, other processes do not change it much. For tests that
 * work takes linear time, or not forever. The clock of the system ticks every few ms.
 */
export function cpuMs(work: () => unknown, repetitions = 1): number {
  const before = process.threadCpuUsage()
  for (let count = 0; count < repetitions; count++) work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
