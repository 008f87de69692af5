import { type Json, type PipelineDefinition, ProblemError, problem } from '@orrery/contract'
import { type CallSchemas, listPipelines, listTools, type PipelineProblem, schemaOfArguments } from '@orrery/expressions'
import { type Ctx, checkSchemas, type Transaction, withOrg } from '@orrery/kernel'
import { readToolSchemas } from '@orrery/tools'
import { computeCheck, readPipelineText } from './compute-pipeline.ts'
import { selectNames, selectNewest } from './pipeline-store.ts'
import { resolveCalls } from './resolve-calls.ts'
import { warnOfConnections } from './warn-of-connections.ts'

/** The result of parsing a pipeline and checking it against the tools and pipelines that it calls. */
export type PipelineCheck =
  | { readonly ok: true; readonly definition: PipelineDefinition; readonly warnings: readonly PipelineProblem[] }
  | { readonly ok: false; readonly definition: PipelineDefinition | null; readonly problems: readonly PipelineProblem[] }

/** Parses and checks a pipeline. @param name under which it will be stored; null: it will not be stored */
export async function checkRawPipeline(ctx: Ctx, raw: Json, name: string | null): Promise<PipelineCheck> {
  const parsed = await readPipelineText(ctx, raw)
  if (!parsed.ok) return { ok: false, definition: null, problems: parsed.problems }
  const { pipeline: definition } = parsed
  const { tools, pipelines, others } = await withOrg(ctx, async (tx) => ({
    tools: [...(await readToolSchemas(tx, ctx.org, listTools(definition)))],
    pipelines: [...(await readPipelineSchemas(tx, ctx.org, definition, name))],
    others: [...(await findCycles(tx, ctx.org, definition, name)), ...(await warnOfConnections(tx, ctx.org, definition))],
  }))
  const found = await computeCheck(ctx, { definition, tools, pipelines })
  const problems = [...(await checkParamsSchema(ctx, definition)), ...found, ...others]
  if (problems.some(({ severity }) => severity === 'error')) return { ok: false, definition, problems }
  return { ok: true, definition, warnings: problems }
}

/** @throws pipeline.invalid, which names steps and paths */
export function requireValid(judgement: PipelineCheck): Extract<PipelineCheck, { ok: true }> {
  if (judgement.ok) return judgement
  const faults = judgement.problems.filter(({ severity }) => severity === 'error')
  const errors = faults.map(({ step, path, message }) => ({ path, message, ...(step === null ? {} : { step }) }))
  const [first] = faults
  const where = first === undefined ? '' : ` ${first.step === null ? '' : `${first.step} `}${first.path}: ${first.message}`
  throw problem('pipeline.invalid', `The pipeline has ${faults.length === 1 ? 'an error' : `${faults.length} errors`}.${where}`, { errors })
}

/** Names that are read for suggestions. */
const NAMES_MAX = 2000

async function readPipelineSchemas(
  tx: Transaction,
  org: string,
  definition: PipelineDefinition,
  name: string | null,
): Promise<Map<string, CallSchemas>> {
  const called = listPipelines(definition)
  if (called.length === 0) return new Map()
  const schemas = new Map<string, CallSchemas>((await selectNames(tx, org, NAMES_MAX)).map((known) => [known, {}]))
  for (const row of await selectNewest(tx, org, called)) schemas.set(row.name, schemasOf(row.definition))
  return name === null ? schemas : schemas.set(name, schemasOf(definition))
}

function schemasOf(definition: PipelineDefinition): CallSchemas {
  const inputSchema = schemaOfArguments(definition)
  return inputSchema === undefined ? {} : { inputSchema }
}

async function checkParamsSchema(ctx: Ctx, { params_schema: schema }: PipelineDefinition): Promise<PipelineProblem[]> {
  const why = schema === undefined ? null : await checkSchemas(ctx).findFault(schema)
  return why === null ? [] : [{ severity: 'error', step: null, path: 'params_schema', message: `This schema cannot be used: ${why}` }]
}

async function findCycles(tx: Transaction, org: string, definition: PipelineDefinition, name: string | null): Promise<PipelineProblem[]> {
  try {
    await resolveCalls(tx, org, definition, name)
    return []
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'pipeline.invalid') throw error
    return (error.extra.errors ?? []).map(({ path, message }) => ({ severity: 'error', step: null, path, message }))
  }
}
