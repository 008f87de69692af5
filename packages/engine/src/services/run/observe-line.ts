import type { LogRow } from '../../store/store.ts'
import type { Json } from '../../workflow/protocol.ts'
import type { Observer } from '../observe.ts'

/** Reports a line of a run's log. */
export function observeLine(observe: Observer, { run, cmd, step, attempt, level, message, data, at }: LogRow): void {
  const value = data === null ? null : (JSON.parse(data) as Json)
  observe({ type: 'log', run, cmd, step, attempt, level, message, data: value, at })
}
