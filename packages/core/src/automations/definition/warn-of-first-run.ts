/** What would make the first run of an automation fail, as far as it can be seen when the automation is saved. */
import { type PipelineDefinition, ProblemError } from '@orrery/contract'
import { listTools } from '@orrery/expressions'
import type { Transaction } from '@orrery/kernel'
import { findBuiltIn, findDefinitions, toFace } from '@orrery/tools'
import { resolveCalls } from '../../pipelines/resolve-calls.ts'
import type { PlannedTrigger } from './read-definition.ts'

/** Warnings about tools whose scopes a pipeline, or the pipelines that it calls, would need and the automation does not grant. */
export async function warnOfMissingScopes(
  tx: Transaction,
  org: string,
  pipeline: PipelineDefinition,
  scopes: readonly string[],
): Promise<string[]> {
  const { pipelines } = await callsOf(tx, org, pipeline)
  const used = [pipeline, ...Object.values(pipelines).map(({ definition }) => definition)].flatMap(listTools)
  const needed = await scopesOf(tx, org, [...new Set(used)])
  return [...needed].flatMap(([tool, own]) => describeMissing('pipeline', tool, own, scopes))
}

/** Warnings about polled tools that do not exist, or whose scopes are missing. */
export async function warnOfPolls(
  tx: Transaction,
  org: string,
  planned: readonly PlannedTrigger[],
  scopes: readonly string[],
): Promise<string[]> {
  const polled = planned.flatMap(({ path, definition }) =>
    definition.type === 'condition' && definition.poll !== undefined ? [{ path: `${path}poll.uses`, tool: definition.poll.uses }] : [],
  )
  const needed = await scopesOf(
    tx,
    org,
    polled.map(({ tool }) => tool),
  )
  return polled.flatMap(({ path, tool }) => {
    const own = needed.get(tool)
    return own === undefined ? [`${path}: There is no tool ${tool}.`] : describeMissing(path, tool, own, scopes)
  })
}

/** The pipelines that would be called; none if they cannot be resolved, which other checks report. */
async function callsOf(tx: Transaction, org: string, pipeline: PipelineDefinition): ReturnType<typeof resolveCalls> {
  try {
    return await resolveCalls(tx, org, pipeline, null)
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'pipeline.invalid') throw error
    return { pipelines: {}, tools: {} }
  }
}

/** The scopes of each of these tools that exists. */
async function scopesOf(tx: Transaction, org: string, names: readonly string[]): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>()
  for (const name of names) {
    const builtIn = findBuiltIn(name)
    if (builtIn !== null) found.set(name, builtIn.scopes)
  }
  const others = names.filter((name) => !found.has(name))
  if (others.length === 0) return found
  for (const { name, definition } of await findDefinitions(tx, org, others)) found.set(name, toFace(name, definition).scopes)
  return found
}

function describeMissing(path: string, tool: string, needed: readonly string[], granted: readonly string[]): string[] {
  const missing = needed.filter((scope) => !granted.includes(scope))
  if (missing.length === 0) return []
  const what = missing.length === 1 ? 'the scope' : 'the scopes'
  return [
    `${path}: ${tool} needs ${what} ${missing.join(', ')}, which the automation does not grant. Add ${missing.length === 1 ? 'it' : 'them'} to scopes.`,
  ]
}
