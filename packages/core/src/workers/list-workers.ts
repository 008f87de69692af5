import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, decodeCursor, type InputFor, TIME_FORM, toPage, UUID_FORM, withOrg } from '@orrery/kernel'
import { selectWorkers, type WorkerRow } from './worker-store.ts'

export async function listWorkers(ctx: Ctx, input: InputFor<'workers.list'>): Promise<AnswerTo<'workers.list'>> {
  const [at, id] = decodeCursor(input.cursor, [TIME_FORM, UUID_FORM]) ?? []
  const behind = at === undefined || id === undefined ? null : { at, id }
  const rows = await withOrg(ctx, (tx) => selectWorkers(tx, ctx.org, behind, input.limit + 1))
  const isOperator = ctx.permissions.has('orgs:admin')
  return toPage(
    rows,
    input.limit,
    (row) => toWorker(row, isOperator || row.orgs?.length === 1),
    (row) => [row.started_at.toISOString(), row.worker_id],
  )
}

/** @param isOwn whether the caller may see where a worker runs and what it can do for other organizations */
function toWorker(row: WorkerRow, isOwn: boolean): AnswerTo<'workers.list'>['items'][number] {
  const { host, pid, version, queues, slots, steps } = row
  return {
    id: encodeId('wrk', row.worker_id),
    host: isOwn ? host : null,
    pid: isOwn ? pid : null,
    version,
    queues,
    slots,
    steps: isOwn ? steps : [],
    startedAt: row.started_at.toISOString(),
    lastBeatAt: row.beat_at.toISOString(),
    alive: row.alive,
  }
}
