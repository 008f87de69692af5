import { type AnswerTo, type Ctx, decodeCursor, type InputFor, TEXT_FORM, toPage, withOrg } from '@orrery/kernel'
import { type QueueRow, selectQueues } from './queue-store.ts'

export async function listQueues(ctx: Ctx, input: InputFor<'queues.list'>): Promise<AnswerTo<'queues.list'>> {
  const [after = ''] = decodeCursor(input.cursor, [TEXT_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectQueues(tx, ctx.org, after, input.limit + 1))
  return toPage(rows, input.limit, toQueue, (row) => [row.name])
}

function toQueue(row: QueueRow): AnswerTo<'queues.list'>['items'][number] {
  const { name, paused, queued, gated, running, waiting, blocked } = row
  return {
    name,
    paused,
    depth: { queued, gated, running, waiting, paused: row.paused_runs, blocked },
    oldestQueuedAt: row.oldest?.toISOString() ?? null,
  }
}
