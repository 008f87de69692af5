import { type JsonFields, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, checkSchemas, emitEvent, type InputFor, orProblem, type SchemaChecks, withOrg } from '@orrery/kernel'
import { toTool } from './find-tool.ts'
import { requireNotBuiltIn } from './require-not-built-in.ts'
import { saveDefinition } from './save-definition.ts'
import { toToolAnswer } from './to-tool-answer.ts'
import { lockTools, markTool, selectTool } from './tool-store.ts'

/**
 * Accepting saves the new description as a new version. After a refusal, the tool cannot be called until the server changes its
 * description.
 */
export async function reviewTool(ctx: Ctx, input: InputFor<'tools.review'>): Promise<AnswerTo<'tools.review'>> {
  const { tool: name, decision, pin } = input
  requireNotBuiltIn(name)
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
    await requireUsableSchemas(checkSchemas(ctx), { inputSchema, outputSchema })
    const accepted = { ...rest, description, inputSchema, ...(outputSchema === null ? {} : { outputSchema }) }
    return (await saveDefinition(ctx, tx, name, accepted, pin)).row
  })
  const summary = { decision, pin, version: row.version }
  await emitEvent(ctx, 'tool.reviewed', name, summary)
  ctx.note(name, summary)
  return toToolAnswer(toTool(row))
}

/** Every call would fail with an invalid schema. @throws invalid_input */
async function requireUsableSchemas(checks: SchemaChecks, schemas: Readonly<Record<string, JsonFields | null>>): Promise<void> {
  for (const [member, schema] of Object.entries(schemas)) {
    const fault = schema === null ? null : await checks.findFault(schema)
    if (fault === null) continue
    const message = `The server's ${member} cannot be used: ${fault}`
    throw problem('invalid_input', `${message}.`, { errors: [{ path: 'decision', message }] })
  }
}
