import type { EventType, Json } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import { withOrg } from '../context/with-org.ts'
import { runBehind } from './run-behind.ts'

/** Writes an event in the transaction of the call: others see it if, and only if, that commits. */
export function emitEvent(ctx: Ctx, type: EventType, subject: string, data: { [key: string]: Json } = {}): Promise<void> {
  const event = { org: ctx.org, type, subject, data: JSON.stringify(data), at: ctx.clock.now(), ...runBehind(ctx) }
  return withOrg(ctx, (tx) => ctx.engine.store.emit([event], tx.client))
}
