import { problem } from '@orrery/contract'

/**
 * Workflows that Orrery brings. What they are started with grants things, so nobody starts or deploys them but the operations they are for.
 */
const PREFIX = 'orrery.'

/** @throws workflow.name_reserved */
export function requireUnreserved(workflow: string): void {
  if (!workflow.startsWith(PREFIX)) return
  throw problem('workflow.name_reserved', `Workflows whose names begin with ${PREFIX} are Orrery’s own; ${workflow} is one.`)
}
