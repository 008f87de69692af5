import type { AutomationDefinition, JsonObject } from '@orrery/contract'
import { type Ctx, checkSchemas, type Transaction } from '@orrery/kernel'
import { selectTarget } from './workflow-store.ts'

/** A warning about an input that the workflow, in the version that would run, would refuse. An input with templates is not known before it runs. */
export async function warnOfInput(ctx: Ctx, tx: Transaction, workflow: NonNullable<AutomationDefinition['workflow']>): Promise<string[]> {
  const { name, version, input = null } = workflow
  if (JSON.stringify(input).includes('${')) return []
  const schema = (await selectTarget(tx, ctx.org, name, version)).manifest?.inputSchema ?? null
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return []
  const mismatch = await checkSchemas({ ...ctx, tx }).findMismatch(schema as JsonObject, input)
  return mismatch === null ? [] : [`workflow.input${mismatch.path}: ${mismatch.message}.`]
}
