/** One process of the engine, for the driver to kill: loads the fixtures, starts runs on order and, as a worker, takes them. */
import { flushCompileCache } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { createEngine, type EngineFact, Fenced, type Store } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import { stepRegistry } from '@orrery/engine/workflow'
import { inputOf } from './fixtures/model.ts'
import { isPassing, openOutside } from './fixtures/outside.ts'
import './fixtures/steps.ts'
import type { FromProcess, ProcessSettings, StartOrder, ToProcess } from './process-messages.ts'
import { takeOutFence } from './take-out-fence.ts'

const settings: ProcessSettings = JSON.parse(process.env.ORRERY_CHAOS ?? '{}')
const tell = (message: FromProcess): void => void process.send?.(message)

if (settings.withoutFence) takeOutFence()
openOutside(settings.url)
const store = createPostgresStore({ url: `${settings.url}?application_name=${settings.name}`, poolMax: 4, transactMax: 6 })
const engine = createEngine({
  store: telling(store),
  notifier: store.notifier,
  version: settings.name,
  leaseMs: settings.leaseMs,
  beatMs: settings.beatMs,
  // Few runs are enough for two flushes at once.
  shareMin: 2,
  observe,
})

process.on('message', (message: ToProcess) => {
  if (message.type === 'stop') void engine.close().then(() => process.exit(0))
  else void start(message)
})
process.on('disconnect', () => process.exit(0))
if (settings.role === 'worker') await work()
tell({ type: 'ready' })
// Who is killed does not get to do it at its end.
flushCompileCache()

/** A worker that comes up while the database is down waits for it, as its supervisor would make it do. */
async function work(): Promise<void> {
  for (;;) {
    try {
      await engine.work({ slots: settings.slots, queues: [settings.queue], steps: stepRegistry() })
      return
    } catch (error) {
      if (!isPassing(error)) throw error
      await delay(50)
    }
  }
}

async function start({ n, workflow }: StartOrder): Promise<void> {
  try {
    const { org, queue } = settings
    const outcome = await engine.start({ org, queue, workflow, input: inputOf(workflow, n) })
    if (outcome.type === 'started') tell({ type: 'started', n, workflow, run: outcome.run })
    else tell({ type: 'not started', n, workflow, why: JSON.stringify(outcome) })
  } catch (error) {
    tell({ type: 'not started', n, workflow, why: String(error) })
  }
}

function observe(fact: EngineFact): void {
  if (fact.type === 'lost') tell({ type: 'lost', cause: fact.cause })
  else if (fact.type === 'trouble') tell({ type: 'trouble', text: `${fact.where}: ${fact.error.message}` })
}

/** The same store, but whatever it refuses for the fence's sake is told. */
function telling<Tx>(inner: Store<Tx>): Store<Tx> {
  const watch = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (error instanceof Fenced) tell({ type: 'refused', what })
      throw error
    }
  }
  const { transact } = inner
  return {
    ...inner,
    flush: (batch) => watch('flush', inner.flush(batch)),
    claim: (request) => watch('claim', inner.claim(request)),
    ...(transact ? { transact: (worker, body) => watch('transact', transact.call(inner, worker, body)) } : {}),
  }
}
