import { json, ProblemError } from '@orrery/contract'
import { withOrg } from '@orrery/kernel'
import { letters, type ToolContext, ToolError } from '@orrery/tools'
import { z } from 'zod'
import { resolveAutomation } from '../resolve-automation.ts'

/** An argument that names an automation. */
export const automationArgument = letters(200, 1).meta({ description: 'An automation: its name, its title or its id.' })

/** Output of the tools that change an automation. */
export const statusOutput = z.strictObject({ automation: z.string(), status: z.enum(['active', 'paused', 'snoozed', 'ended']) })

export const paramsArgument = z
  .record(z.string(), json)
  .optional()
  .meta({ description: 'Params that replace those of the automation, name by name.' })

/** Scopes of tools that change automations. A run with them may change every automation of its organization. */
export const WRITE_SCOPES = ['automations:write'] as const

/** The name of the automation with this name, title or id. @throws ToolError (`automation.not_found`) */
export async function resolveTaskArgument({ ctx }: ToolContext, automation: string): Promise<string> {
  try {
    return (await withOrg(ctx, (tx) => resolveAutomation(tx, ctx.org, automation))).name
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ToolError(error.code, error.detail, { isRetryable: false, cause: error })
  }
}

/** Outcome of a firing, in the output of the tools that request one. */
export const outcomeMember = z.enum(['started', 'existing', 'buffered', 'skipped', 'failed', 'scheduled'])
