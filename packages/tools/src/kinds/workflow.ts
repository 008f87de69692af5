import { isReservedWorkflow, RESERVED_WORKFLOW_PREFIX, workflowImplementation } from '@orrery/contract'
import { CALL_MS_MAX } from '../port/tool-port.ts'
import { type Kind, refuseCall } from './kind.ts'

/** Starts a run of a workflow as a child of the pipeline. The steps of the run have their own time limits. */
export const workflowKind: Kind<'workflow'> = {
  name: 'workflow',
  shape: workflowImplementation,
  reaches: 'run',
  describedBy: 'author',
  timeoutMs: CALL_MS_MAX,
  describe: () => ({}),
  // A run of it would find no such workflow.
  findFaults: ({ workflow }) =>
    isReservedWorkflow(workflow) ? [['workflow', `Names that begin with ${RESERVED_WORKFLOW_PREFIX} are reserved`]] : [],
  call: refuseCall,
}
