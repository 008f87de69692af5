// DBOS Transact. In one process it uses startWorkflow, its fast path. Across processes and for a backlog it uses its queue,
// polled every 100 ms (its default is 1 s). A step is one DBOS.runStep, which DBOS checkpoints.
import dbos from '@dbos-inc/dbos-sdk'

const { DBOS, DBOSClient } = dbos
const QUEUE = 'bench'
const checkpointed = 'the last step is checkpointed (the final status follows)'

let ended = () => {}
const workflow = DBOS.registerWorkflow(
  async (i, steps, queued) => {
    let sum = 0
    for (let k = 0; k < steps; k++) sum += await DBOS.runStep(async () => k, { name: `s${k}` })
    if (queued) ended(i)
    return sum
  },
  { name: 'bench' },
)

async function launch(database, slots) {
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: database, systemDatabasePoolSize: 10, logLevel: 'error' })
  await DBOS.launch()
  if (slots > 0) await DBOS.registerQueue(QUEUE, { workerConcurrency: slots, minPollingIntervalMs: 100 })
}

async function openClient(database, steps) {
  const client = await DBOSClient.create({ systemDatabaseUrl: database, systemDatabasePoolSize: 10 })
  const start = (i) => client.enqueue({ workflowName: 'bench', queueName: QUEUE }, i, steps, true)
  return { start, close: () => client.destroy() }
}

export const peer = {
  name: 'DBOS',
  package: '@dbos-inc/dbos-sdk',
  server: 'postgres',
  backlog: 2000,
  cells: {
    'load-1': 'getResult() resolved (the final status is committed)',
    'load-5': 'getResult() resolved (the final status is committed)',
    one: 'getResult() resolved (the final status is committed)',
    across: `${checkpointed}; queue polled every 100 ms`,
    drain: checkpointed,
  },
  /** Its client expects the tables and the queue to exist; a launch creates them. */
  async prepare({ database }) {
    await launch(database, 0)
    await DBOS.shutdown()
  },
  async open({ role, database, steps, slots, done }) {
    if (role === 'client') return openClient(database, steps)
    ended = done
    await launch(database, role === 'worker' ? slots : 0)
    const start = async (i) => {
      const handle = await DBOS.startWorkflow(workflow)(i, steps, false)
      void handle.getResult().then(() => done(i))
    }
    return { start, close: () => DBOS.shutdown() }
  },
}
