import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, TEXT_FORM, toPage } from '../cursor.ts'
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
