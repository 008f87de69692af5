import type { ToolDefinition } from '@orrery/contract'
import { type AnswerTo, type Ctx, checkSchemas, durationMs, emitEvent, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { openConnection } from '../connections/open-connection.ts'
import { listOffers } from '../mcp/list-offers.ts'
import type { ToolOffer } from '../mcp/to-offer.ts'
import { makeCandidate, type ToolCandidate } from './make-candidate.ts'
import { saveDefinition } from './save-definition.ts'
import type { ToolRow } from './tool-row.ts'
import { lockTools, markTool, selectTool, selectToolsOfConnection } from './tool-store.ts'

type Input = InputFor<'tools.discover'>
type Answer = AnswerTo<'tools.discover'>
type Outcome = Answer['tools'][number]['outcome']

/** Lists the tools of the server before the transaction begins, because the server may be slow. */
export async function discoverTools(ctx: Ctx, input: Input): Promise<Answer> {
  durationMs(input.timeout, 'timeout')
  const connection = await openConnection(ctx, input.connection)
  const { tools: offers, leftOut: unusable, warnings } = await listOffers(ctx, connection)
  const made = new Map<string, ToolCandidate>()
  for (const [tool, offer] of offers) {
    if (!(input.only?.includes(tool) ?? true)) continue
    made.set(tool, await makeCandidate(checkSchemas(ctx), input.prefix ?? connection.name, tool, toDefinition(input, tool, offer)))
  }
  const answer = await withOrg(ctx, async (tx) => {
    await lockTools(tx, ctx.org)
    const known = await selectToolsOfConnection(tx, ctx.org, [connection.id, connection.name])
    const compared = await compareKnown({ ...ctx, tx }, tx, known, offers)
    for (const { tool } of compared) made.delete(tool)
    const added = await addNew({ ...ctx, tx }, tx, made, offers)
    return { tools: [...compared, ...added.tools], leftOut: [...unusable, ...added.leftOut], warnings: [...warnings] }
  })
  const { tools, leftOut } = answer
  const count = (outcome: Outcome) => tools.filter((tool) => tool.outcome === outcome).length
  ctx.note(connection.id, { added: count('added'), changed: count('changed'), missing: count('missing'), leftOut: leftOut.length })
  return answer
}

/** Compares the existing tools of this server with its current descriptions. */
async function compareKnown(
  ctx: Ctx,
  tx: Transaction,
  known: readonly ToolRow[],
  offers: ReadonlyMap<string, ToolOffer>,
): Promise<Answer['tools']> {
  const compared: Answer['tools'] = []
  for (const row of known) {
    const { implementation } = row.definition
    if (implementation.kind !== 'mcp') continue
    const offer = offers.get(implementation.tool) ?? null
    const outcome = compareOffer(row, offer)
    compared.push({ name: row.name, tool: implementation.tool, outcome })
    if (outcome === 'unchanged' || outcome === 'refused') continue
    const status = outcome === 'restored' ? 'ready' : outcome
    await markTool(tx, ctx.org, row.name, status, status === 'changed' ? offer : null)
    await emitEvent(ctx, 'tool.changed', row.name, { status, pin: offer?.pin ?? null })
  }
  return compared
}

function compareOffer(row: ToolRow, offer: ToolOffer | null): Exclude<Outcome, 'added'> {
  if (offer === null) return row.status === 'missing' ? 'unchanged' : 'missing'
  if (offer.pin === row.pin) return row.status === 'ready' ? 'unchanged' : 'restored'
  return row.status === 'refused' && row.offer?.pin === offer.pin ? 'refused' : 'changed'
}

async function addNew(
  ctx: Ctx,
  tx: Transaction,
  made: ReadonlyMap<string, ToolCandidate>,
  offers: ReadonlyMap<string, ToolOffer>,
): Promise<Pick<Answer, 'tools' | 'leftOut'>> {
  const tools: Answer['tools'] = []
  const leftOut: Answer['leftOut'] = []
  for (const [tool, { name, definition, reason }] of made) {
    const isTaken = reason === null && (await selectTool(tx, ctx.org, name)) !== undefined
    if (reason !== null || isTaken) {
      leftOut.push({ tool, reason: reason ?? `There is already another tool ${name}` })
      continue
    }
    await saveDefinition(ctx, tx, name, definition, offers.get(tool)?.pin)
    tools.push({ name, tool, outcome: 'added' })
  }
  return { tools, leftOut }
}

function toDefinition({ connection, scopes, costTier, timeout }: Input, tool: string, offer: ToolOffer): ToolDefinition {
  const { description, inputSchema, outputSchema } = offer
  return {
    description,
    inputSchema,
    ...(outputSchema === null ? {} : { outputSchema }),
    scopes,
    costTier,
    timeout,
    examples: [],
    implementation: { kind: 'mcp', connection, tool },
  }
}
