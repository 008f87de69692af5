import { type JsonFields, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, emitEvent, findSchemaFault, type InputFor, orProblem, withOrg } from '@orrery/kernel'
import { checkNotBuiltIn } from './check-not-built-in.ts'
import { toTool } from './find-tool.ts'
import { saveDefinition } from './save-definition.ts'
import { toToolAnswer } from './to-tool-answer.ts'
import { lockTools, markTool, selectTool } from './tool-store.ts'

/** Accepting makes a new version of what the server says now; refusing leaves the tool unused until the server says something else. */
export async function reviewTool(ctx: Ctx, input: InputFor<'tools.review'>): Promise<AnswerTo<'tools.review'>> {
  const { tool: name, decision, pin } = input
  checkNotBuiltIn(name)
  const row = await withOrg(ctx, async (tx) => {
    await lockTools(tx, ctx.org)
    const before = orProblem(await selectTool(tx, ctx.org, name), 'tool.not_found', `There is no tool ${name}.`)
    const { offer, definition } = before
    if (offer === null || offer.pin !== pin) throw problem('tool.no_offer', `${name} has no changed definition with this pin.`)
    if (decision === 'refuse') {
      await markTool(tx, ctx.org, name, 'refused', offer)
      return { ...before, status: 'refused' as const }
    }
    const { outputSchema: _, ...rest } = definition
    const { description, inputSchema, outputSchema } = offer
    refuseUnusable({ inputSchema, outputSchema })
    const accepted = { ...rest, description, inputSchema, ...(outputSchema === null ? {} : { outputSchema }) }
    return (await saveDefinition(ctx, tx, name, accepted, pin)).row
  })
  const told = { decision, pin, version: row.version }
  await emitEvent(ctx, 'tool.reviewed', name, told)
  ctx.note(name, told)
  return toToolAnswer(toTool(row))
}

/** No call would ever get past such a schema. @throws invalid_input */
function refuseUnusable(schemas: Readonly<Record<string, JsonFields | null>>): void {
  for (const [member, schema] of Object.entries(schemas)) {
    const fault = schema === null ? null : findSchemaFault(schema)
    if (fault === null) continue
    const message = `The server's ${member} cannot be used: ${fault}`
    throw problem('invalid_input', `${message}.`, { errors: [{ path: 'decision', message }] })
  }
}
