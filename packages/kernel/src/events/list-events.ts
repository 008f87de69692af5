import { decodeId, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { readPosition } from './event-position.ts'
import { selectEvents, selectEventsBack } from './event-store.ts'

export async function listEvents(ctx: Ctx, input: InputFor<'events.list'>): Promise<AnswerTo<'events.list'>> {
  if (input.cursor !== undefined && readPosition(input.cursor) === null) {
    const error = { path: 'cursor', message: 'No event can have this id', expected: 'the id of an event' }
    throw problem('invalid_input', 'The cursor is not valid.', { errors: [error] })
  }
  const subject = input.subject === undefined ? undefined : (decodeId('run', input.subject) ?? input.subject)
  const filter = { type: input.type, subject, limit: input.limit + 1 }
  const cursor = input.cursor ?? null
  const events = await withOrg(ctx, (tx) =>
    input.newestFirst
      ? selectEventsBack(tx, ctx.org, { ...filter, before: cursor })
      : selectEvents(tx, ctx.org, { ...filter, after: cursor }),
  )
  const items = events.slice(0, input.limit)
  return { items, nextCursor: events.length > input.limit ? (items.at(-1)?.id ?? null) : null }
}
