import type { Io } from '../io.ts'
import { shown } from '../shown.ts'
import { formatElapsed } from './format-time.ts'

/** Work that ends sooner is not worth a line that says so. */
const NOTED_MS = 1_000

/**
 * Says what is done while it takes long, on standard error: on a terminal one line with the time that has passed, elsewhere a line at the
 * beginning and one at the end.
 */
export async function showWork<T>(io: Io, what: string, work: () => Promise<T>): Promise<T> {
  const begun = Date.now()
  const elapsed = () => Date.now() - begun
  const draw = (rest: string) => io.err(shown`${io.isTerminal ? shown`\r\u001b[K` : ''}${what} … ${io.style('dim', rest)}`)
  if (io.isTerminal) draw('')
  else io.err(shown`${what} …\n`)
  const clock = io.isTerminal ? setInterval(() => draw(formatElapsed(elapsed())), 1_000) : undefined
  let isDone = false
  try {
    const result = await work()
    isDone = true
    return result
  } finally {
    clearInterval(clock)
    if (io.isTerminal || elapsed() >= NOTED_MS) {
      const outcome = isDone ? 'done in' : io.signal.aborted ? 'interrupted after' : 'failed after'
      draw(`${outcome} ${formatElapsed(elapsed())}`)
      io.err(shown`\n`)
    }
  }
}
