import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, decodeCursor, type InputFor, TIME_FORM, toPage, UUID_FORM, withOrg } from '@orrery/kernel'
import { selectWorkers, type WorkerRow } from './worker-store.ts'

export async function listWorkers(ctx: Ctx, input: InputFor<'workers.list'>): Promise<AnswerTo<'workers.list'>> {
  const [at, id] = decodeCursor(input.cursor, [TIME_FORM, UUID_FORM]) ?? []
  const behind = at === undefined || id === undefined ? null : { at, id }
  const rows = await withOrg(ctx, (tx) => selectWorkers(tx, ctx.org, behind, input.limit + 1))
  return toPage(rows, input.limit, toWorker, (row) => [row.started_at.toISOString(), row.worker_id])
}

function toWorker(row: WorkerRow): AnswerTo<'workers.list'>['items'][number] {
  const { host, pid, version, queues, slots, steps } = row
  return {
    id: encodeId('wrk', row.worker_id),
    host,
    pid,
    version,
    queues,
    slots,
    steps,
    startedAt: row.started_at.toISOString(),
    lastBeatAt: row.beat_at.toISOString(),
    alive: !row.fenced,
  }
}
