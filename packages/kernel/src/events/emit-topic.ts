import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { appendTopic } from './append-events.ts'

const PAYLOAD_BYTES_MAX = 65_536

export async function emitTopic(ctx: Ctx, { topic, source, payload }: InputFor<'events.emit'>): Promise<AnswerTo<'events.emit'>> {
  if (Buffer.byteLength(JSON.stringify(payload)) > PAYLOAD_BYTES_MAX) {
    throw problem('payload_too_large', `The payload of an event is larger than ${PAYLOAD_BYTES_MAX} bytes.`)
  }
  const subject = source ?? ctx.actor.id
  const at = new Date(Math.floor(ctx.clock.now())).toISOString()
  await withOrg(ctx, (tx) => appendTopic(ctx, tx, { type: topic, subject, data: payload }))
  ctx.note(subject, { topic })
  return { type: topic, subject, at }
}
