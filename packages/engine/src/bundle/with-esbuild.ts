import { stop } from 'esbuild'

let builds = 0

/**
 * Runs a build. esbuild works in a process of its own, which would stay, and wake up twice a second, for as long as this one lives. It ends
 * with the last build in progress; starting it again takes a few milliseconds.
 */
export async function withEsbuild<T>(build: () => Promise<T>): Promise<T> {
  builds += 1
  try {
    return await build()
  } finally {
    builds -= 1
    if (builds === 0) await stop()
  }
}
