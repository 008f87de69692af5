import { type Json, type JsonObject, ProblemError } from '@orrery/contract'
import { withOrg } from '@orrery/kernel'
import { type ToolContext, ToolError } from '@orrery/tools'
import { resolveAutomation } from '../resolve-automation.ts'

/** An argument that names an automation. */
export const automationArgument: JsonObject = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: 'An automation: its name, its title or its id.',
}

/** Output of the tools that change an automation. */
export const statusOutput: JsonObject = {
  type: 'object',
  properties: { automation: { type: 'string' }, status: { enum: ['active', 'paused', 'ended'] } },
  required: ['automation', 'status'],
  additionalProperties: false,
}

export const paramsArgument: JsonObject = { type: 'object', description: 'Params that replace those of the automation, name by name.' }

/** Scopes of tools that change automations. A run with them may change every automation of its organization. */
export const WRITE_SCOPES = ['automations:write'] as const

/** The name of the automation that the argument `task` means. @throws ToolError (`automation.not_found`) */
export async function resolveTaskArgument({ ctx }: ToolContext, { task }: JsonObject): Promise<string> {
  try {
    return (await withOrg(ctx, (tx) => resolveAutomation(tx, ctx.org, String(task)))).name
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ToolError(error.code, error.detail, { isRetryable: false, cause: error })
  }
}

export function paramsIn({ params }: JsonObject): { readonly params?: { readonly [name: string]: Json } } {
  return typeof params === 'object' && params !== null && !Array.isArray(params) ? { params } : {}
}
