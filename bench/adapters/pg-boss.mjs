// pg-boss: K steps are a chain of K jobs. Its fast paths are on: NOTIFY on the queue, four workers that fetch batches of
// 100, and fetching again without a pause while batches are full.
import { PgBoss } from 'pg-boss'

const returned = 'the handler of the last job returned (the completion of its batch follows)'
const WORK = {
  batchSize: 100,
  localConcurrency: 4,
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 0.5,
  burstWhenBatchFull: true,
}

export const peer = {
  name: 'pg-boss',
  package: 'pg-boss',
  server: 'postgres',
  cells: { 'load-1': returned, 'load-5': returned, one: returned, across: returned, drain: returned },
  async open({ role, database, steps, done }) {
    const boss = new PgBoss({ connectionString: database, max: 10, supervise: false, schedule: false, useListenNotify: true })
    boss.on('error', (error) => console.error(`pg-boss: ${error.message}`))
    await boss.start()
    await boss.createQueue('step', { notify: true })
    if (role !== 'client') {
      await boss.work('step', WORK, async (jobs) => {
        const next = []
        for (const { data } of jobs) {
          if (data.k < steps) next.push({ data: { i: data.i, k: data.k + 1 } })
          else done(data.i)
        }
        if (next.length > 0) await boss.insert('step', next)
      })
    }
    const start = (i) => boss.send('step', { i, k: 1 })
    const startMany = async (from, count) => {
      for (let at = from; at < from + count; at += 1000) {
        const size = Math.min(1000, from + count - at)
        await boss.insert(
          'step',
          Array.from({ length: size }, (_, k) => ({ data: { i: at + k, k: 1 } })),
        )
      }
    }
    return { start, startMany, close: () => boss.stop({ graceful: false }) }
  },
}
