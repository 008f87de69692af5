import { isReservedWorkflow, type Json, type PipelineDefinition, problem } from '@orrery/contract'
import { listPipelines, listTools } from '@orrery/expressions'
import type { Transaction } from '@orrery/kernel'
import { findBuiltIn, findDefinitions, startsRun, toFace } from '@orrery/tools'
import type { Calls, PipelineCall, ToolCall } from './interpreter/pipeline-input.ts'
import { selectNewest } from './pipeline-store.ts'

/** Levels of pipelines that call pipelines. */
const DEPTH_MAX = 10
/** Distinct pipelines and tools that become child runs, in one run and its descendants. */
const CALLS_MAX = 100

interface ResolvedCalls {
  readonly pipelines: Map<string, PipelineCall>
  readonly tools: Map<string, ToolCall>
  readonly grants: Map<string, readonly string[]>
}

/** What a pipeline calls, and what the authors of the tools among these granted to their pipelines, by the name of the tool. */
export interface Resolution {
  readonly calls: Calls
  readonly grants: Readonly<Record<string, readonly string[]>>
}

/**
 * Resolves the names that a pipeline calls as child runs, and those that these call in turn. Unknown names are left out: a step that calls
 * one fails when it is reached. A tool that is a reserved workflow, stored before tools.put rejected these, is an error.
 * @param name of the pipeline itself, if it is stored, to find calls of itself. @throws pipeline.invalid
 */
export async function resolveCalls(tx: Transaction, org: string, definition: PipelineDefinition, name: string | null): Promise<Resolution> {
  const found: ResolvedCalls = { pipelines: new Map(), tools: new Map(), grants: new Map() }
  // The given definition counts, which need not be stored yet.
  if (name !== null) found.pipelines.set(name, { version: 0, definition })
  let level = [definition]
  while (level.length > 0) {
    const pipelines = await findPipelines(tx, org, level, found)
    const tools = await findTools(tx, org, level, found)
    if (found.pipelines.size + found.tools.size > CALLS_MAX) throw refused(`It calls more than ${CALLS_MAX} different pipelines`)
    level = [...pipelines, ...tools]
  }
  requireNoCycles(definition, name, found)
  if (name !== null) found.pipelines.delete(name)
  const calls = { pipelines: Object.fromEntries(found.pipelines), tools: Object.fromEntries(found.tools) }
  return { calls, grants: Object.fromEntries(found.grants) }
}

/** Adds the called pipelines that are not in `found` yet. Returns their definitions. */
async function findPipelines(
  tx: Transaction,
  org: string,
  level: readonly PipelineDefinition[],
  found: ResolvedCalls,
): Promise<PipelineDefinition[]> {
  const names = [...new Set(level.flatMap(listPipelines))].filter((name) => !found.pipelines.has(name))
  if (names.length === 0) return []
  const rows = await selectNewest(tx, org, names)
  for (const { name, version, definition } of rows) found.pipelines.set(name, { version, definition })
  return rows.map(({ definition }) => definition)
}

async function findTools(
  tx: Transaction,
  org: string,
  level: readonly PipelineDefinition[],
  found: ResolvedCalls,
): Promise<PipelineDefinition[]> {
  const names = [...new Set(level.flatMap(listTools))].filter((name) => !found.tools.has(name) && findBuiltIn(name) === null)
  if (names.length === 0) return []
  const inside: PipelineDefinition[] = []
  for (const row of await findDefinitions(tx, org, names)) {
    const { implementation } = row.definition
    if (!startsRun(implementation)) continue
    // The interpreter refuses this too, but the run could be retried with an older version of the interpreter, which does not.
    if (implementation.kind === 'workflow' && isReservedWorkflow(implementation.workflow))
      throw refused(`Its tool ${row.name} is the reserved workflow ${implementation.workflow}`)
    const { scopes, timeoutMs, inputSchema, outputSchema } = toFace(row.name, row.definition)
    const face = {
      scopes,
      timeoutMs,
      inputSchema: inputSchema as Json,
      ...(outputSchema === undefined ? {} : { outputSchema: outputSchema as Json }),
    }
    if (implementation.kind === 'workflow') {
      found.tools.set(row.name, { ...face, ...implementation } as ToolCall)
      continue
    }
    const { kind, definition, grants = [] } = implementation
    found.tools.set(row.name, { ...face, kind, definition })
    if (grants.length > 0) found.grants.set(row.name, grants)
    inside.push(definition)
  }
  return inside
}

interface Callee {
  readonly key: string
  readonly definition: PipelineDefinition
}

function calleesOf(definition: PipelineDefinition, { pipelines, tools }: ResolvedCalls): Callee[] {
  const called = listPipelines(definition).flatMap((name) => {
    const call = pipelines.get(name)
    return call === undefined ? [] : [{ key: `pipeline ${name}`, definition: call.definition }]
  })
  const used = listTools(definition).flatMap((name) => {
    const call = tools.get(name)
    return call?.kind === 'pipeline' ? [{ key: `tool ${name}`, definition: call.definition }] : []
  })
  return [...called, ...used]
}

/** @throws pipeline.invalid */
function requireNoCycles(definition: PipelineDefinition, name: string | null, found: ResolvedCalls): void {
  const depths = new Map<string, number>()
  const depthOf = (caller: PipelineDefinition, chain: readonly string[]): number => {
    let depth = 0
    for (const callee of calleesOf(caller, found)) {
      if (chain.includes(callee.key)) throw refused(`It calls itself: ${[...chain, callee.key].join(' → ')}`)
      const known = depths.get(callee.key) ?? 1 + depthOf(callee.definition, [...chain, callee.key])
      depths.set(callee.key, known)
      depth = Math.max(depth, known)
    }
    return depth
  }
  const depth = depthOf(definition, name === null ? [] : [`pipeline ${name}`])
  if (depth > DEPTH_MAX) throw refused(`Its pipelines call each other ${depth} levels deep; ${DEPTH_MAX} are allowed`)
}

function refused(message: string) {
  return problem('pipeline.invalid', `The pipeline cannot run: ${message}.`, { errors: [{ path: 'pipeline', message }] })
}
