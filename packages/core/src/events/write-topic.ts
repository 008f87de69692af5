import type { Json } from '@orrery/contract'
import type { Ctx } from '../context.ts'
import { withOrg } from '../with-org.ts'
import { runBehind } from './run-behind.ts'

export interface TopicEvent {
  /** Not one of ours: see `eventTopic` in the contract. */
  readonly topic: string
  /** What it is about, or who says so. */
  readonly subject: string
  readonly payload: Json
}

/** Writes an event that people have named, in the transaction of the call if it has one. Gives its time, in ms since the epoch. */
export async function writeTopic(ctx: Ctx, { topic, subject, payload }: TopicEvent): Promise<number> {
  const at = Math.floor(ctx.clock.now())
  const event = { org: ctx.org, type: topic, subject, data: JSON.stringify(payload), at, ...runBehind(ctx) }
  await withOrg(ctx, (tx) => ctx.engine.appendEvents([event], tx.client))
  ctx.afterCommit(() => ctx.announce())
  return at
}
