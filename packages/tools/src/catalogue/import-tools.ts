import { setImmediate } from 'node:timers/promises'
import { type JsonObject, problem, type ToolDefinition } from '@orrery/contract'
import { type AnswerTo, type Ctx, durationMs, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { UnreadableOperation } from '../openapi/document.ts'
import { fetchDocument } from '../openapi/fetch-document.ts'
import { type FoundOperation, findOperations, type OpenApiOperation } from '../openapi/find-operations.ts'
import { makeCandidate, type ToolCandidate } from './make-candidate.ts'
import { saveDefinition } from './save-definition.ts'
import { lockTools, selectTool } from './tool-store.ts'

type Input = InputFor<'tools.import'>
type Answer = AnswerTo<'tools.import'>

/** Fetches, reads and checks the document before the transaction begins. */
export async function importTools(ctx: Ctx, input: Input): Promise<Answer> {
  durationMs(input.timeout, 'timeout')
  const document = await findDocument(ctx, input)
  const { title, operations } = findOperations(document, { documentUrl: input.url, baseUrl: input.baseUrl })
  const leftOut: Answer['leftOut'] = []
  const made: { readonly id: string; readonly tool: ToolCandidate }[] = []
  for (const found of operations) {
    const { id } = found
    if (!(input.only?.includes(id) ?? true)) continue
    if (made.length === input.limit) {
      leftOut.push({ operation: id, reason: `The import was limited to ${input.limit} operations` })
      continue
    }
    const operation = await readOne(found)
    if ('reason' in operation) leftOut.push({ operation: id, reason: operation.reason })
    else made.push({ id, tool: await makeCandidate(input.prefix, id, toDefinition(operation, input)) })
  }
  const tools = await withOrg(ctx, async (tx) => {
    await lockTools(tx, ctx.org)
    const saved: Answer['tools'] = []
    for (const { id, tool } of made) {
      const reason = tool.reason ?? (await findConflict(ctx, tx, tool))
      if (reason !== null) {
        leftOut.push({ operation: id, reason })
        continue
      }
      const { row, outcome } = await saveDefinition({ ...ctx, tx }, tx, tool.name, tool.definition)
      saved.push({ name: tool.name, operation: id, version: row.version, outcome })
    }
    return saved
  })
  ctx.note(input.prefix, { title, tools: tools.length, leftOut: leftOut.length })
  return { title, tools, leftOut }
}

async function findDocument(ctx: Ctx, { document, url }: Input): Promise<JsonObject> {
  if ((document === undefined) === (url === undefined)) {
    throw problem('invalid_input', 'Pass either the document or its URL.', {
      errors: [{ path: 'document', message: 'Pass either this or url' }],
    })
  }
  return document ?? fetchDocument(url ?? '', ctx.kernel.outside)
}

/** Lets other work of the process run before each operation. */
async function readOne(found: FoundOperation): Promise<OpenApiOperation | { readonly reason: string }> {
  await setImmediate()
  try {
    return found.read()
  } catch (error) {
    if (!(error instanceof UnreadableOperation)) throw error
    return { reason: error.message }
  }
}

function toDefinition(operation: Omit<OpenApiOperation, 'id'>, { connection, scopes, costTier, timeout }: Input): ToolDefinition {
  const { description, inputSchema, outputSchema, implementation } = operation
  return {
    description,
    inputSchema,
    ...(outputSchema === undefined ? {} : { outputSchema }),
    scopes,
    costTier,
    timeout,
    examples: [],
    implementation: { ...implementation, ...(connection === undefined ? {} : { connection }) },
  }
}

/** An import may replace the tool of the same operation, and no other tool. */
async function findConflict(ctx: Ctx, tx: Transaction, { name, definition: { implementation } }: ToolCandidate): Promise<string | null> {
  const before = (await selectTool(tx, ctx.org, name))?.definition.implementation
  if (before === undefined) return null
  const isSameOperation =
    before.kind === 'openapi' &&
    implementation.kind === 'openapi' &&
    before.path === implementation.path &&
    before.method === implementation.method
  return isSameOperation ? null : `There is already another tool ${name}`
}
