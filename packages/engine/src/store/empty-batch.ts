import type { FlushBatch } from './store.ts'

/** An empty batch, to build others from by spreading it. */
export const emptyBatch: FlushBatch = {
  worker: null,
  starts: [],
  journal: [],
  finishes: [],
  parks: [],
  received: [],
  messages: [],
  logs: [],
  progress: [],
  events: [],
  companions: [],
}
