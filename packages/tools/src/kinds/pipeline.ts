import { pipelineImplementation } from '@orrery/contract'
import { schemaOfArguments } from '@orrery/expressions'
import { CALL_MS_MAX } from '../port/tool-port.ts'
import { type Kind, refuseCall } from './kind.ts'

/** Starts a run of a pipeline with the arguments as its params. The steps of the run have their own time limits. */
export const pipelineKind: Kind<'pipeline'> = {
  name: 'pipeline',
  shape: pipelineImplementation,
  reaches: 'run',
  describedBy: 'author',
  timeoutMs: CALL_MS_MAX,
  describe({ definition }) {
    const inputSchema = schemaOfArguments(definition)
    return inputSchema === undefined ? {} : { inputSchema }
  },
  findFaults: () => [],
  call: refuseCall,
}
