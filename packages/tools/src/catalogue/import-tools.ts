import { problem, type ToolDefinition } from '@orrery/contract'
import { type AnswerTo, type Ctx, checkSchemas, durationMs, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { fetchDocument } from '../openapi/fetch-document.ts'
import type { OpenApiOperation } from '../openapi/find-operations.ts'
import { operationsComputation, type ReadOperations } from '../openapi/read-operations.ts'
import { makeCandidate, type ToolCandidate } from './make-candidate.ts'
import { saveDefinition } from './save-definition.ts'
import { lockTools, selectTool } from './tool-store.ts'

type Input = InputFor<'tools.import'>
type Answer = AnswerTo<'tools.import'>

/** Fetches, reads and checks the document before the transaction begins. */
export async function importTools(ctx: Ctx, input: Input): Promise<Answer> {
  durationMs(input.timeout, 'timeout')
  const found = await readDocument(ctx, input)
  const leftOut: Answer['leftOut'] = [...found.leftOut]
  const made: { readonly id: string; readonly tool: ToolCandidate }[] = []
  for (const text of found.operations) {
    const { id, ...operation }: OpenApiOperation = JSON.parse(text)
    made.push({ id, tool: await makeCandidate(checkSchemas(ctx), input.prefix, id, toDefinition(operation, input)) })
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
  ctx.note(input.prefix, { title: found.title, tools: tools.length, leftOut: leftOut.length })
  return { title: found.title, tools, leftOut }
}

async function readDocument(ctx: Ctx, { document, url, baseUrl, only, limit }: Input): Promise<ReadOperations> {
  if ((document === undefined) === (url === undefined)) {
    throw problem('invalid_input', 'Pass either the document or its URL.', {
      errors: [{ path: 'document', message: 'Pass either this or url' }],
    })
  }
  const fetched = url === undefined ? null : await fetchDocument(url, ctx.kernel.outside)
  const source = fetched === null ? 'The document' : `The answer of ${fetched.host}`
  const text = fetched?.text ?? JSON.stringify(document)
  const options = { documentUrl: url, baseUrl }
  const query = { text, source, options, ...(only === undefined ? {} : { only }), limit }
  const read = await ctx.kernel.compute.run(ctx.org, operationsComputation, query, ctx.tx !== null)
  if (read.outcome === 'done') return read.value
  const limitText = read.outcome === 'timeout' ? `${read.limitMs / 1000} s of processor time` : `${read.limitMb} MB of memory`
  throw problem('tool.source_failed', `${source} takes more than ${limitText} to read.`)
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
