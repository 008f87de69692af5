import { encodeId } from '@orrery/contract'
import type { EngineFact } from '@orrery/engine'
import type { Logger } from './logger.ts'

/** Logs the facts that an operator should read about. The others appear in the metrics only. */
export function logFacts(log: Logger): (fact: EngineFact) => void {
  return (fact) => {
    if (fact.type === 'trouble') log.warn({ error: fact.error, where: fact.where }, 'the engine recovered from an error')
    if (fact.type === 'blocked')
      log.warn({ run: encodeId('run', fact.run), workflow: fact.workflow, reason: fact.reason }, 'a run is blocked')
    if (fact.type === 'lost') log.warn({ cause: fact.cause, runs: fact.runs }, 'the worker lost its registration and is taking a new one')
    if (fact.type === 'reaped' && fact.runs > 0) log.info({ runs: fact.runs }, 'runs of a silent worker were returned to the queue')
  }
}
