import type { AutomationDefinition, JsonObject } from '@orrery/contract'
import { findMismatch, type Transaction } from '@orrery/kernel'
import { selectWorkflow } from './workflow-store.ts'

/** A warning about an input that the workflow would refuse. An input with templates is not known before it runs. */
export async function warnOfInput(
  tx: Transaction,
  org: string,
  workflow: NonNullable<AutomationDefinition['workflow']>,
): Promise<string[]> {
  const { name, version, input = null } = workflow
  if (version !== undefined || JSON.stringify(input).includes('${')) return []
  const schema = (await selectWorkflow(tx, org, name))?.manifest.inputSchema ?? null
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return []
  const mismatch = findMismatch(schema as JsonObject, input)
  return mismatch === null ? [] : [`workflow.input${mismatch.path}: ${mismatch.message}.`]
}
