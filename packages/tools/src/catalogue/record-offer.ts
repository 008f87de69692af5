import { type Ctx, emitEvent, recordSystemChange, withOrg } from '@orrery/kernel'
import type { ToolOffer } from '../mcp/to-offer.ts'
import { lockTools, markTool, selectTool } from './tool-store.ts'

/** Records that a server changed or removed a tool. The tool cannot be called until a person reviews the change. */
export async function recordOffer(ctx: Ctx, name: string, offer: ToolOffer | null): Promise<void> {
  await withOrg(ctx, async (tx) => {
    // A concurrent review may be accepting this offer.
    await lockTools(tx, ctx.org)
    const row = await selectTool(tx, ctx.org, name)
    if (row === undefined || row.status !== 'ready' || row.pin === offer?.pin) return
    const status = offer === null ? 'missing' : 'changed'
    await markTool(tx, ctx.org, name, status, offer)
    const detail = { status, pin: offer?.pin ?? null }
    await emitEvent({ ...ctx, tx }, 'tool.changed', name, detail)
    await recordSystemChange(tx, {
      org: ctx.org,
      atMs: ctx.clock.now(),
      actor: 'tools',
      action: 'tool.changed',
      subject: name,
      detail,
      requestId: ctx.origin.requestId,
    })
  })
}
