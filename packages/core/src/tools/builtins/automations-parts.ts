import { type Json, ProblemError } from '@orrery/contract'
import type { AutomationPort } from '../automation-port.ts'
import { type JsonObject, type ToolContext, ToolError } from '../tool-port.ts'

/** Arguments that name an automation. */
export const automationArgument: JsonObject = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: 'An automation: its name, its title or its id.',
}

/** What a change of an automation answers with. */
export const statusOutput: JsonObject = {
  type: 'object',
  properties: { automation: { type: 'string' }, status: { enum: ['active', 'paused', 'ended'] } },
  required: ['automation', 'status'],
  additionalProperties: false,
}

export const paramsArgument: JsonObject = { type: 'object', description: 'In place of its own params, name by name.' }

/** What changes automations: whoever grants it lets the run do what the organization may do with them. */
export const CHANGING = ['automations:write'] as const

/** The automation that the arguments name; the schema has seen to it that they do. */
export const meantBy = (args: JsonObject): string => String(args.task)

export function paramsIn({ params }: JsonObject): { readonly [name: string]: Json } | undefined {
  return typeof params === 'object' && params !== null && !Array.isArray(params) ? params : undefined
}

/** What the caller can do something about becomes a failure of the tool that no other attempt mends. */
export async function withAutomations<T>({ ctx }: ToolContext, work: (automations: AutomationPort) => Promise<T>): Promise<T> {
  try {
    return await work(ctx.automations)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ToolError(error.code, error.detail, { isRetryable: false, cause: error })
  }
}
