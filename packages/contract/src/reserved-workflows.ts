/**
 * Prefix of Orrery's own workflows. Only the operations made for them start them. Separate from the shapes, so
 * that a workflow bundle that imports only these does not include zod.
 */
export const RESERVED_WORKFLOW_PREFIX = 'orrery.'

export const isReservedWorkflow = (name: string): boolean => name.startsWith(RESERVED_WORKFLOW_PREFIX)
