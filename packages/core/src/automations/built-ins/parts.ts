import { json, ProblemError } from '@orrery/contract'
import { withOrg } from '@orrery/kernel'
import { letters, type ToolContext, ToolError } from '@orrery/tools'
import { z } from 'zod'
import { findMeant } from '../find-meant.ts'

/** An argument that names an automation. */
export const automationArgument = letters(200, 1).meta({ description: 'An automation: its name, its title or its id.' })

/** What a change of an automation answers with. */
export const statusOutput = z.strictObject({ automation: z.string(), status: z.enum(['active', 'paused', 'snoozed', 'ended']) })

export const paramsArgument = z.record(z.string(), json).optional().meta({ description: 'In place of its own params, name by name.' })

/** What changes automations: a run that was granted it may do with them what the organization may. */
export const CHANGING = ['automations:write'] as const

/** The name of the automation that this name, title or id stands for. @throws ToolError (`automation.not_found`) */
export async function findNamed({ ctx }: ToolContext, automation: string): Promise<string> {
  try {
    return (await withOrg(ctx, (tx) => findMeant(tx, ctx.org, automation))).name
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    throw new ToolError(error.code, error.detail, { isRetryable: false, cause: error })
  }
}
