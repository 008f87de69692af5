import type { FlushBatch } from './store.ts'

/** A batch that writes nothing, to be filled by spreading. */
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
