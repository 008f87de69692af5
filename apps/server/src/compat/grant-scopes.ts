import { type AutomationDefinition, type Json, type Permission, ProblemError, permissionToGrant } from '@orrery/contract'
import type { Exchange } from './contract-route.ts'
import { mapRows } from './ordinaut-pages.ts'

/**
 * In Ordinaut, a task called tools with the scopes of the agent that created it. So the automation gets those scopes that its
 * tools require and the caller has, and no others. A caller that may not call tools grants no scopes.
 */
export async function grantScopes(exchange: Exchange, pipeline: unknown): Promise<Pick<AutomationDefinition, 'scopes'>> {
  const { permissions } = await exchange.identify()
  if (!permissions.has('tools:call') || !permissions.has('tools:read')) return {}
  const wanted = (await mapRows([...toolsIn(pipeline as Json)], (tool) => scopesOf(exchange, tool))).flat()
  const scopes = [...new Set(wanted)].filter((scope) => isGrantable(permissions, scope)).sort()
  return scopes.length === 0 ? {} : { scopes }
}

/** The tools used by steps at any depth. */
function toolsIn(value: Json, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found
  if (!Array.isArray(value) && typeof value.uses === 'string') found.add(value.uses)
  for (const inner of Object.values(value)) toolsIn(inner, found)
  return found
}

async function scopesOf(exchange: Exchange, tool: string): Promise<readonly string[]> {
  try {
    return (await exchange.call('tools.get', { tool })).scopes
  } catch (error) {
    // The check of the pipeline reports an invalid or unknown tool name, with its path.
    if (error instanceof ProblemError && ['tool.not_found', 'invalid_input'].includes(error.code)) return []
    throw error
  }
}

function isGrantable(permissions: ReadonlySet<Permission>, scope: string): boolean {
  const needed = permissionToGrant(scope)
  return needed === null || permissions.has(needed)
}
