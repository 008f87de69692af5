// BullMQ on Redis with appendfsync always. A run is one job; its steps follow the "process step jobs" pattern of its
// manual: every step but the last is recorded with job.updateData, the last by the completion of the job.
import { Queue, Worker } from 'bullmq'
import Redis from 'ioredis'

const completed = "the worker's `completed` event (moveToFinished is acknowledged by Redis)"

async function work(job, steps) {
  for (let k = job.data.step; k < steps - 1; k++) await job.updateData({ ...job.data, step: k + 1, sum: job.data.sum + k })
  return job.data.sum
}

export const peer = {
  name: 'BullMQ (AOF always)',
  package: 'bullmq',
  server: 'redis',
  backlog: 20_000,
  cells: { 'load-1': completed, 'load-5': completed, one: completed, across: completed, drain: completed },
  async open({ role, servers, steps, slots, done }) {
    const connect = () => new Redis({ host: '127.0.0.1', port: servers.redis.port, maxRetriesPerRequest: null })
    const connections = [connect(), connect()]
    const queue = new Queue('bench', { connection: connections[0] })
    await queue.waitUntilReady()
    let worker = null
    if (role !== 'client') {
      worker = new Worker('bench', (job) => work(job, steps), { connection: connections[1], concurrency: slots })
      worker.on('completed', (job) => done(job.data.i))
      await worker.waitUntilReady()
    }
    const options = { removeOnComplete: true }
    const data = (i) => ({ i, step: 0, sum: 0 })
    const start = (i) => queue.add('run', data(i), options)
    const startMany = async (from, count) => {
      for (let at = from; at < from + count; at += 1000) {
        const size = Math.min(1000, from + count - at)
        await queue.addBulk(Array.from({ length: size }, (_, k) => ({ name: 'run', data: data(at + k), opts: options })))
      }
    }
    const close = async () => {
      await worker?.close(true)
      await queue.close()
      for (const connection of connections) connection.disconnect()
    }
    return { start, startMany, close }
  },
}
