import { workflowImplementation } from '@orrery/contract'
import { CALL_MS_MAX } from '../port/tool-port.ts'
import { type Kind, refuseCall } from './kind.ts'

/** A run of a workflow, started as a child of the pipeline. Its steps have their own time limits. */
export const workflowKind: Kind<'workflow'> = {
  name: 'workflow',
  shape: workflowImplementation,
  reaches: 'run',
  describedBy: 'author',
  timeoutMs: CALL_MS_MAX,
  describe: () => ({}),
  findFaults: () => [],
  call: refuseCall,
}
