import { fileURLToPath } from 'node:url'
import { format } from 'node:util'
import { encodeId } from '@orrery/contract'
import { currentOwner, type EngineFact } from '@orrery/engine'
import type { StepLog } from '@orrery/engine/workflow'
import type { TellNews } from './project-news.ts'

/** Reports what steps and workflows log as news of the project. */
export function tellLines(tell: TellNews): (fact: EngineFact) => void {
  return (fact) => {
    if (fact.type !== 'log') return
    const { at, level, run, step, attempt, message, data } = fact
    tell({ type: 'line', at, level, runId: encodeId('run', run), step, attempt, message, data })
  }
}

const LEVELS = { debug: 'debug', trace: 'debug', log: 'info', info: 'info', dir: 'info', warn: 'warn', error: 'error' } as const

/**
 * From now on, what the body of a step writes to `console` goes to the log of its run; with `echo`, also where it went before. All other
 * output is left alone. Returns what undoes it.
 */
export function recordConsole({ echo }: { readonly echo: boolean }): () => void {
  const original: Partial<typeof console> = {}
  for (const [name, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, keyof StepLog][]) {
    const write = console[name] as (...values: unknown[]) => void
    Object.assign(original, { [name]: write })
    console[name] = (...values: unknown[]) => {
      const log = currentOwner()?.log ?? null
      if (echo || log === null) write(...values)
      log?.[level](formatSafely(values))
    }
  }
  return () => void Object.assign(console, original)
}

/** A value may throw when it is looked at. Writing to the console must not fail a step. */
function formatSafely(values: readonly unknown[]): string {
  try {
    return withoutHost(format(...values))
  } catch {
    return '(cannot be shown)'
  }
}

const ENGINE = fileURLToPath(new URL('.', import.meta.resolve('@orrery/engine')))

/** Without the frames between the body and its caller, which stand in the stack of every error that a body writes. */
function withoutHost(text: string): string {
  if (!text.includes(ENGINE)) return text
  return text
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !(line.includes(ENGINE) || line.includes('(node:internal/')))
    .join('\n')
}
