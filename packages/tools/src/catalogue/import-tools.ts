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

/** The document is fetched, read and judged before any transaction begins. */
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
      leftOut.push({ operation: id, reason: `Only ${input.limit} operations were asked for` })
      continue
    }
    const operation = await readOne(found)
    if ('reason' in operation) leftOut.push({ operation: id, reason: operation.reason })
    else made.push({ id, tool: await makeCandidate(input.prefix, id, complete(operation, input)) })
  }
  const tools = await withOrg(ctx, async (tx) => {
    await lockTools(tx, ctx.org)
    const saved: Answer['tools'] = []
    for (const { id, tool } of made) {
      const reason = tool.reason ?? (await findOther(ctx, tx, tool))
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
    throw problem('invalid_input', 'Give either the document or its URL.', {
      errors: [{ path: 'document', message: 'Either this or url' }],
    })
  }
  return document ?? fetchDocument(url ?? '', ctx.kernel.outside)
}

/** Whatever else the process does gets its turn in between. */
async function readOne(found: FoundOperation): Promise<OpenApiOperation | { readonly reason: string }> {
  await setImmediate()
  try {
    return found.read()
  } catch (error) {
    if (!(error instanceof UnreadableOperation)) throw error
    return { reason: error.message }
  }
}

function complete(operation: Omit<OpenApiOperation, 'id'>, { connection, scopes, costTier, timeout }: Input): ToolDefinition {
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

/** A second import replaces what the first one made, and nothing else. */
async function findOther(ctx: Ctx, tx: Transaction, { name, definition: { implementation } }: ToolCandidate): Promise<string | null> {
  const before = (await selectTool(tx, ctx.org, name))?.definition.implementation
  if (before === undefined) return null
  const isOfDocument =
    before.kind === 'openapi' &&
    implementation.kind === 'openapi' &&
    before.path === implementation.path &&
    before.method === implementation.method
  return isOfDocument ? null : `There is another tool ${name}`
}
