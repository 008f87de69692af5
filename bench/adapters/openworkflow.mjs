// OpenWorkflow on PostgreSQL. A step is one step.run. Its result() polls, so the workflow itself reports that it is done.
import { OpenWorkflow } from 'openworkflow'
import { BackendPostgres } from 'openworkflow/postgres'

const checkpointed = 'the last step is checkpointed (the final status follows)'

export const peer = {
  name: 'OpenWorkflow',
  package: 'openworkflow',
  server: 'postgres',
  backlog: 2000,
  cells: { 'load-1': checkpointed, 'load-5': checkpointed, one: checkpointed, across: checkpointed, drain: checkpointed },
  async open({ role, database, steps, slots, done }) {
    const backend = await BackendPostgres.connect(database)
    const openworkflow = new OpenWorkflow({ backend })
    const workflow = openworkflow.defineWorkflow({ name: 'bench' }, async ({ input, step }) => {
      let sum = 0
      for (let k = 0; k < input.steps; k++) sum += await step.run({ name: `s${k}` }, async () => k)
      done(input.i)
      return sum
    })
    const worker = role === 'client' ? null : openworkflow.newWorker({ concurrency: slots })
    await worker?.start()
    const close = async () => {
      await worker?.stop()
      await backend.stop()
    }
    return { start: (i) => workflow.run({ i, steps }), close }
  },
}
