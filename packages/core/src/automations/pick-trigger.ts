import { problem } from '@orrery/contract'
import type { AutomationRow, TriggerRow } from './automation-row.ts'

/** The trigger of this key; without a key the only one. @throws automation.trigger_not_found */
export function pickTrigger<T extends TriggerRow>(
  { name }: Pick<AutomationRow, 'name'>,
  triggers: readonly T[],
  key: string | undefined,
): T {
  const fitting = key === undefined ? triggers : triggers.filter((one) => one.key === key)
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  const keys = triggers.map((one) => one.key).join(', ')
  const what = key === undefined ? 'has not exactly one trigger that could be meant' : `has no such trigger ${key}`
  throw problem('automation.trigger_not_found', `The automation ${name} ${what}; there ${keys === '' ? 'is none' : `are: ${keys}`}.`)
}
