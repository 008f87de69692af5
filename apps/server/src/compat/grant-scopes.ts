import { type AutomationDefinition, type Json, PERMISSIONS, type Permission, ProblemError } from '@orrery/contract'
import type { Exchange } from './contract-route.ts'
import { mapRows } from './ordinaut-pages.ts'

/**
 * A task called tools with the scopes of the agent that made it. So its runs are given what the tools that it names ask for, as far as the
 * caller has it, and nothing else; and nothing at all by a caller who may not call tools.
 */
export async function grantScopes(exchange: Exchange, pipeline: unknown): Promise<Pick<AutomationDefinition, 'scopes'>> {
  const { permissions } = await exchange.identify()
  if (!permissions.has('tools:call') || !permissions.has('tools:read')) return {}
  const wanted = (await mapRows([...toolsIn(pipeline as Json)], (tool) => scopesOf(exchange, tool))).flat()
  const scopes = [...new Set(wanted)].filter((scope) => !isPermission(scope) || permissions.has(scope)).sort()
  return scopes.length === 0 ? {} : { scopes }
}

/** Of steps at any depth. */
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
    // What is no name of a tool, or of none that is there, is refused with its place when the pipeline is checked.
    if (error instanceof ProblemError && ['tool.not_found', 'invalid_input'].includes(error.code)) return []
    throw error
  }
}

const KNOWN: ReadonlySet<string> = new Set(PERMISSIONS)
const isPermission = (scope: string): scope is Permission => KNOWN.has(scope)
