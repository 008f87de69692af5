// graphile-worker: K steps are a chain of K jobs. Under load it uses its high-throughput settings (a local queue and
// batched completions). For one run at a time it uses its defaults, which have a lower latency.
import { EventEmitter } from 'node:events'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'

const returned = 'the handler returned (the deletion of the job follows)'
const silent = new Logger(() => () => {})
const TUNED = { localQueue: { size: 500, ttl: 60_000, refetchDelay: { durationMs: 10 } }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }

export const peer = {
  name: 'graphile-worker',
  package: 'graphile-worker',
  server: 'postgres',
  cells: { 'load-1': returned, 'load-5': returned, one: returned, across: returned, drain: returned },
  async open({ role, cell, database, steps, slots, done }) {
    const pgPool = new pg.Pool({ connectionString: database, max: 10 })
    pgPool.on('error', () => {}) // Idle connections break when the database is dropped at the end.
    const utils = await makeWorkerUtils({ pgPool, logger: silent })
    await utils.migrate()
    let runner = null
    if (role !== 'client') {
      const events = new EventEmitter()
      events.on('job:success', ({ job }) => {
        if (job.payload.k >= steps) done(job.payload.i)
      })
      const tuned = cell === 'one' || cell === 'across' ? {} : TUNED
      const step = async ({ i, k }, helpers) => {
        if (k < steps) await helpers.addJob('step', { i, k: k + 1 })
      }
      const preset = { worker: { concurrentJobs: slots, maxPoolSize: 10, ...tuned } }
      runner = await run({
        pgPool,
        concurrency: slots,
        noHandleSignals: true,
        pollInterval: 2000,
        events,
        logger: silent,
        preset,
        taskList: { step },
      })
    }
    const start = (i) => utils.addJob('step', { i, k: 1 })
    const startMany = async (from, count) => {
      for (let at = from; at < from + count; at += 1000) {
        const size = Math.min(1000, from + count - at)
        await utils.addJobs(Array.from({ length: size }, (_, k) => ({ identifier: 'step', payload: { i: at + k, k: 1 } })))
      }
    }
    const close = async () => {
      await runner?.stop()
      await utils.release()
      await pgPool.end()
    }
    return { start, startMany, close }
  },
}
