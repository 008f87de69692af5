import { problem } from '@orrery/contract'
import type { Transaction } from '@orrery/kernel'
import type { AutomationRow } from './automation-row.ts'
import { selectAutomation, selectByTitle } from './automation-store.ts'
import { nameOf } from './definition/read-definition.ts'

/** Finds an automation by its id, name or title: tools get any of these from people and models. @throws automation.not_found */
export async function resolveAutomation(tx: Transaction, org: string, text: string): Promise<AutomationRow> {
  const named = await selectAutomation(tx, org, text)
  if (named !== undefined) return named
  const titled = await selectByTitle(tx, org, text)
  const [only] = titled
  if (only !== undefined && titled.length === 1) return only
  // `client_follow_up` also matches the name client-follow-up, which was derived from the title "Client follow-up".
  const made = nameOf({ title: text })
  const found = made === null ? undefined : await selectAutomation(tx, org, made)
  if (found !== undefined) return found
  const reason = titled.length > 1 ? 'More than one automation has the title' : 'There is no automation'
  throw problem('automation.not_found', `${reason} ${text}.`)
}
