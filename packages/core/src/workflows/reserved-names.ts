import { isReservedWorkflow, problem, RESERVED_WORKFLOW_PREFIX } from '@orrery/contract'

/** @throws workflow.name_reserved */
export function requireUnreserved(workflow: string): void {
  if (!isReservedWorkflow(workflow)) return
  throw problem(
    'workflow.name_reserved',
    `Workflows whose names begin with ${RESERVED_WORKFLOW_PREFIX} are reserved for Orrery; ${workflow} is one.`,
  )
}
