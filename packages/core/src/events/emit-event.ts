import type { EventType, Json } from '@orrery/contract'
import type { Ctx } from '../context.ts'
import { withOrg } from '../with-org.ts'
import { runBehind } from './run-behind.ts'

/** Writes an event in the transaction of the call: others see it if, and only if, that commits. */
export function emitEvent(ctx: Ctx, type: EventType, subject: string, data: { [key: string]: Json } = {}): Promise<void> {
  const event = { org: ctx.org, type, subject, data: JSON.stringify(data), at: ctx.clock.now(), ...runBehind(ctx) }
  return withOrg(ctx, (tx) => ctx.engine.appendEvents([event], tx.client))
}
