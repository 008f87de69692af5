import { decodeId } from '@orrery/contract'
import { expect, test } from 'vitest'
import { logFacts } from './log-facts.ts'
import { createLogger } from './logger.ts'

test('names a blocked run as commands take it', () => {
  const runId = 'run_01jb2m4k6q8r0s2t4v6w8x0y2z'
  let line = ''
  const log = createLogger({ level: 'info', format: 'json', destination: { write: (text) => void (line += text) } })
  logFacts(log)({ type: 'blocked', run: decodeId('run', runId) ?? '', workflow: 'hello', reason: 'No such step.' })
  expect(JSON.parse(line)).toMatchObject({ run: runId, workflow: 'hello', reason: 'No such step.', msg: 'a run is blocked' })
})
