import type { AutomationDefinition, JsonObject } from '@orrery/contract'
import { findMismatch, type Transaction } from '@orrery/kernel'
import { selectTarget } from './workflow-store.ts'

/** A warning about an input that the workflow, in the version that would run, would refuse. An input with templates is not known before it runs. */
export async function warnOfInput(
  tx: Transaction,
  org: string,
  workflow: NonNullable<AutomationDefinition['workflow']>,
): Promise<string[]> {
  const { name, version, input = null } = workflow
  if (JSON.stringify(input).includes('${')) return []
  const schema = (await selectTarget(tx, org, name, version)).manifest?.inputSchema ?? null
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return []
  const mismatch = findMismatch(schema as JsonObject, input)
  return mismatch === null ? [] : [`workflow.input${mismatch.path}: ${mismatch.message}.`]
}
