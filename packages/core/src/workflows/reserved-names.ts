import { problem } from '@orrery/contract'

/**
 * Prefix of Orrery's own workflows. Their input grants scopes, so only the operations made for them can start or deploy them.
 */
const PREFIX = 'orrery.'

/** @throws workflow.name_reserved */
export function requireUnreserved(workflow: string): void {
  if (!workflow.startsWith(PREFIX)) return
  throw problem('workflow.name_reserved', `Workflows whose names begin with ${PREFIX} are reserved for Orrery; ${workflow} is one.`)
}
