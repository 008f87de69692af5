/** What would make the first run of an automation fail, as far as it can be seen when the automation is saved. */
import { type PipelineDefinition, ProblemError } from '@orrery/contract'
import type { Transaction } from '@orrery/kernel'
import { resolveCalls } from '../../pipelines/resolve-calls.ts'
import { warnOfCalls } from '../../pipelines/warn-of-connections.ts'
import { describeMissing, scopesOf, warnOfMissingScopes } from '../../pipelines/warn-of-scopes.ts'
import type { PlannedTrigger } from './read-definition.ts'

/** Warnings about the scopes that the runs would lack. */
export async function warnOfScopes(
  tx: Transaction,
  org: string,
  pipeline: PipelineDefinition,
  scopes: readonly string[],
): Promise<string[]> {
  return warnOfMissingScopes(tx, org, pipeline, (await callsOf(tx, org, pipeline)).calls, scopes)
}

/** Warnings about polled tools that do not exist, or whose scopes or connections are missing. */
export async function warnOfPolls(
  tx: Transaction,
  org: string,
  planned: readonly PlannedTrigger[],
  scopes: readonly string[],
): Promise<string[]> {
  const polled = planned.flatMap(({ path, definition }) =>
    definition.type === 'condition' && definition.poll !== undefined
      ? [{ path: `${path}poll`, tool: definition.poll.uses, args: definition.poll.with ?? {}, step: null }]
      : [],
  )
  const needed = await scopesOf(
    tx,
    org,
    polled.map(({ tool }) => tool),
  )
  const ofTools = polled.flatMap(({ path, tool }) => {
    const own = needed.get(tool)
    return own === undefined ? [`${path}.uses: There is no tool ${tool}.`] : describeMissing(`${path}.uses`, tool, own, scopes)
  })
  return [...ofTools, ...(await warnOfCalls(tx, org, polled)).map(({ path, message }) => `${path}: ${message}`)]
}

/** The pipelines that would be called; none if they cannot be resolved, which other checks report. */
async function callsOf(tx: Transaction, org: string, pipeline: PipelineDefinition): ReturnType<typeof resolveCalls> {
  try {
    return await resolveCalls(tx, org, pipeline, null)
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'pipeline.invalid') throw error
    return { calls: { pipelines: {}, tools: {} }, grants: {} }
  }
}
