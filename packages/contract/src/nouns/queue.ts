import { z } from 'zod'
import { workerId } from '../ids.ts'
import { timestamp } from '../scalars.ts'

const count = z.number().int()

export const queue = z.object({
  name: z.string(),
  paused: z.boolean(),
  /** Live runs by state. `queued`: ready to start. `gated`: held back by a limit. */
  depth: z.object({ queued: count, gated: count, running: count, waiting: count, paused: count, blocked: count }),
  oldestQueuedAt: timestamp.nullable().meta({ description: 'Since when the oldest run of normal priority has been waiting for a worker.' }),
})

export const limit = z.object({
  name: z.string(),
  max: count.nullable().meta({ description: 'The limit that applies now.' }),
  override: count.nullable().meta({ description: 'The limit that an operator set; null: the one that the workflow declares applies.' }),
  holders: count,
  waiting: count,
})

export const worker = z.object({
  id: workerId,
  host: z
    .string()
    .nullable()
    .meta({ description: 'Null for a worker that other organizations use too, unless the key has `orgs:admin`; so is `pid`.' }),
  pid: count.nullable(),
  version: z.string(),
  queues: z.array(z.string()),
  slots: count,
  steps: z.array(z.string()).meta({ description: 'Empty where `host` is null.' }),
  startedAt: timestamp,
  lastBeatAt: timestamp,
  alive: z.boolean(),
})
