import { problem } from '@orrery/contract'
import type { AutomationRow, TriggerRow } from './automation-row.ts'

/** The trigger with this key; without a key, the only trigger. @throws automation.trigger_not_found */
export function pickTrigger<T extends TriggerRow>(
  { name }: Pick<AutomationRow, 'name'>,
  triggers: readonly T[],
  key: string | undefined,
): T {
  const fitting = key === undefined ? triggers : triggers.filter((one) => one.key === key)
  const [only] = fitting
  if (only !== undefined && fitting.length === 1) return only
  const keys = triggers.map((one) => one.key).join(', ')
  const detail =
    keys === ''
      ? `The automation ${name} has no trigger that this operation applies to.`
      : key === undefined
        ? `The automation ${name} has more than one trigger; pass \`trigger\` (${keys}).`
        : `The automation ${name} has no trigger ${key} that this operation applies to; it has ${keys}.`
  throw problem('automation.trigger_not_found', detail)
}
