import { z } from 'zod'
import { limit, queue, worker } from '../nouns/queue.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { name, text } from '../scalars.ts'

const queueName = z.strictObject({ queue: name })
const queueState = z.object({ queue: z.string(), paused: z.boolean() })

export const listQueues = defineOperation({
  name: 'queues.list',
  summary: 'List queues and their depth',
  description: 'Queues that have live runs or are paused, ordered by name.',
  input: z.strictObject(pageInput),
  output: page(queue),
  problems: [],
  permission: 'queues:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/queues' },
  mcp: { tool: 'queue_list' },
  cli: { verb: 'queues list' },
  rows: 'items',
})

export const pauseQueue = defineOperation({
  name: 'queues.pause',
  summary: 'Pause a queue',
  description: 'No worker takes runs from the queue until it is resumed. Runs in progress continue.',
  input: queueName,
  output: queueState,
  problems: [],
  permission: 'queues:write',
  effect: 'write',
  idempotent: true,
  audit: 'queue.paused',
  http: { method: 'POST', path: '/queues/{queue}/pause' },
  cli: { verb: 'queues pause', positionals: ['queue'] },
})

export const resumeQueue = defineOperation({
  name: 'queues.resume',
  summary: 'Resume a queue',
  input: queueName,
  output: queueState,
  problems: [],
  permission: 'queues:write',
  effect: 'write',
  idempotent: true,
  audit: 'queue.resumed',
  http: { method: 'POST', path: '/queues/{queue}/resume' },
  cli: { verb: 'queues resume', positionals: ['queue'] },
})

export const listLimits = defineOperation({
  name: 'limits.list',
  summary: 'List concurrency limits in use',
  description: 'With the number of runs that hold each limit and the number that wait for it.',
  input: z.strictObject(pageInput),
  output: page(limit),
  problems: [],
  permission: 'queues:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/limits' },
  cli: { verb: 'limits list' },
  rows: 'items',
})

export const setLimit = defineOperation({
  name: 'limits.set',
  summary: 'Set a concurrency limit',
  description:
    'Overrides the limit that the workflow declares; a null `max` removes the override. Runs that already hold the limit continue.',
  input: z.strictObject({ limit: text(600), max: z.number().int().min(0).max(1_000_000).nullable() }),
  output: z.object({ limit: z.string(), max: z.number().int().nullable() }),
  problems: [],
  permission: 'queues:write',
  effect: 'write',
  idempotent: true,
  audit: 'limit.changed',
  http: { method: 'PUT', path: '/limits/{limit}' },
  cli: { verb: 'limits set', positionals: ['limit', 'max'] },
})

export const listWorkers = defineOperation({
  name: 'workers.list',
  summary: 'List the workers that serve your organization',
  description: 'Newest first, including workers that stopped recently.',
  input: z.strictObject(pageInput),
  output: page(worker),
  problems: [],
  permission: 'workers:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/workers' },
  cli: { verb: 'workers list' },
  rows: 'items',
})
