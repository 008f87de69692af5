import { AsyncLocalStorage } from 'node:async_hooks'
import { format } from 'node:util'
import { encodeId, type Json } from '@orrery/contract'
import type { FlushBatch, StepImplementation, StepSource, Store } from '@orrery/engine'
import type { StepContext, StepLog } from '@orrery/engine/workflow'
import type { TellNews } from './project-news.ts'

type Level = keyof StepLog

/** One attempt of a step whose body is running. */
interface RunningAttempt {
  readonly log: StepLog
  lines: number
}

/** Further lines of one attempt are only shown where the process writes. */
const CONSOLE_LINES_MAX = 1000
/** A longer line is cut. */
const LINE_LENGTH_MAX = 16 * 1024

const attempts = new AsyncLocalStorage<RunningAttempt>()

/** The same steps; what their bodies log, with `log` or with `console`, is told as well as recorded. */
export function recordSteps(steps: StepSource, tell: TellNews): StepSource {
  return {
    names: () => steps.names(),
    find: (name) => {
      const found = steps.find(name)
      return found === undefined ? undefined : { ...found, body: recordBody(found, tell) }
    },
  }
}

function recordBody({ body }: StepImplementation, tell: TellNews): StepImplementation['body'] {
  return (input: never, context: never) => {
    const own = context as StepContext
    const write = (level: Level) => (message: string, data?: Json) => {
      own.log[level](message, data)
      const { runId, step, attempt } = own
      tell({ type: 'line', at: Date.now(), level, runId, step, attempt, message: String(message), data: data ?? null })
    }
    const log: StepLog = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
    return attempts.run({ log, lines: 0 }, () => body(input, { ...own, log } as never))
  }
}

const LEVELS = { debug: 'debug', trace: 'debug', log: 'info', info: 'info', dir: 'info', warn: 'warn', error: 'error' } as const

/**
 * From now on, what the body of a step writes to `console` goes to the log of its run; with `echo`, also where it went before. All other
 * output is left alone. Returns what undoes it.
 */
export function recordConsole({ echo }: { readonly echo: boolean }): () => void {
  const original: Partial<typeof console> = {}
  for (const [name, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, Level][]) {
    const write = console[name] as (...values: unknown[]) => void
    Object.assign(original, { [name]: write })
    console[name] = (...values: unknown[]) => {
      const attempt = attempts.getStore()
      if (echo || attempt === undefined) write(...values)
      if (attempt === undefined || attempt.lines >= CONSOLE_LINES_MAX) return
      attempt.lines += 1
      // Outside of the attempt, so that a `log` that writes to the console is not recorded again.
      attempts.exit(() => attempt.log[level](describe(values)))
    }
  }
  return () => void Object.assign(console, original)
}

function describe(values: readonly unknown[]): string {
  const text = formatSafely(values)
  return text.length <= LINE_LENGTH_MAX ? text : `${text.slice(0, LINE_LENGTH_MAX)}… +${text.length - LINE_LENGTH_MAX} characters`
}

/** A value may throw when it is looked at. Writing to the console must not fail a step. */
function formatSafely(values: readonly unknown[]): string {
  try {
    return format(...values)
  } catch (error) {
    return `(cannot be shown: ${error instanceof Error ? error.name : typeof error})`
  }
}

/** The same store; what workflows log is told once it is committed. Lines of steps are told earlier, by `recordSteps`. */
export function recordWorkflows<S extends Pick<Store, 'flush'>>(store: S, tell: TellNews): S {
  return {
    ...store,
    flush: async (batch: FlushBatch) => {
      const result = await store.flush(batch)
      for (const { run, cmd, attempt, at, level, message, data } of batch.logs) {
        if (cmd !== 0) continue
        const value = data === null ? null : (JSON.parse(data) as Json)
        tell({ type: 'line', at, level, runId: encodeId('run', run), step: null, attempt, message, data: value })
      }
      return result
    },
  }
}
