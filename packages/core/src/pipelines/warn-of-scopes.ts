import type { PipelineDefinition } from '@orrery/contract'
import { listTools } from '@orrery/expressions'
import type { Transaction } from '@orrery/kernel'
import { findBuiltIn, findDefinitions, toFace } from '@orrery/tools'
import type { Calls } from './interpreter/pipeline-input.ts'

/** Warnings about tools whose scopes a pipeline, or the pipelines that it calls, would need and that are not granted. */
export async function warnOfMissingScopes(
  tx: Transaction,
  org: string,
  pipeline: PipelineDefinition,
  { pipelines }: Pick<Calls, 'pipelines'>,
  scopes: readonly string[],
): Promise<string[]> {
  const used = [pipeline, ...Object.values(pipelines).map(({ definition }) => definition)].flatMap(listTools)
  const needed = await scopesOf(tx, org, [...new Set(used)])
  return [...needed].flatMap(([tool, own]) => describeMissing('pipeline', tool, own, scopes))
}

/** The scopes of each of these tools that exists. */
export async function scopesOf(tx: Transaction, org: string, names: readonly string[]): Promise<Map<string, readonly string[]>> {
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

export function describeMissing(path: string, tool: string, needed: readonly string[], granted: readonly string[]): string[] {
  const missing = needed.filter((scope) => !granted.includes(scope))
  if (missing.length === 0) return []
  const [what, them] = missing.length === 1 ? ['the scope', 'it'] : ['the scopes', 'them']
  return [`${path}: ${tool} needs ${what} ${missing.join(', ')}, which nothing grants here. Add ${them} to scopes.`]
}
