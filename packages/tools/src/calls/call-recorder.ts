import type { Database } from '@orrery/kernel'
import { insertToolCalls, type ToolCallRow } from './tool-call-store.ts'

interface CallRecorder {
  /** Resolves when the trace is committed. */
  add(row: ToolCallRow): Promise<void>
}

const BATCH_MAX = 500

const recorders = new WeakMap<Database, CallRecorder>()

/** The recorder of this process. Traces that arrive during a write share the next commit. */
export function recorderOf(database: Database): CallRecorder {
  const known = recorders.get(database)
  if (known !== undefined) return known
  const made = createRecorder((rows) => insertToolCalls(database, rows))
  recorders.set(database, made)
  return made
}

interface Waiting {
  readonly row: ToolCallRow
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

function createRecorder(insert: (rows: readonly ToolCallRow[]) => Promise<void>): CallRecorder {
  let waiting: Waiting[] = []
  let isWriting = false

  const write = async (): Promise<void> => {
    isWriting = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_MAX)
      waiting = waiting.slice(BATCH_MAX)
      await insert(batch.map(({ row }) => row)).then(
        () => batch.forEach(({ done }) => void done()),
        // One invalid row fails the whole batch, so insert each row by itself to keep the others.
        () => Promise.all(batch.map(({ row, done, failed }) => insert([row]).then(done, failed))),
      )
    }
    isWriting = false
  }
  return {
    add: (row) =>
      new Promise((done, failed) => {
        waiting.push({ row, done, failed })
        if (!isWriting) void write()
      }),
  }
}
