import type { TriggerRow } from '../automation-row.ts'
import type { FiringScene } from '../scene.ts'
import { selectUnready } from './webhook-store.ts'

/** Of the triggers of one automation: those that take no deliveries yet. */
export async function warnOfWebhooks({ tx, org }: FiringScene, triggers: readonly TriggerRow[]): Promise<string[]> {
  const one = triggers.find(({ type }) => type === 'webhook')
  const keys = one === undefined ? [] : await selectUnready(tx, org, one.automation_id)
  return keys.map((key) => `${key}: nothing can be delivered until automations.rotateWebhook gives it an address.`)
}
