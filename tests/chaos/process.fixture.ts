/** One process of the engine, for the driver to kill. It loads the fixtures, starts runs on order and, as a worker, takes runs. */
import { flushCompileCache } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { createEngine, type EngineFact, Fenced, type Store } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import { stepRegistry } from '@orrery/engine/workflow'
import { inputOf } from './fixtures/model.ts'
import { isPassing, openOutside } from './fixtures/outside.ts'
import './fixtures/steps.ts'
import type { FromProcess, ProcessSettings, StartOrder, ToProcess } from './process-messages.ts'
import { removeFence } from './remove-fence.ts'

const settings: ProcessSettings = JSON.parse(process.env.ORRERY_CHAOS ?? '{}')
/** As in the product, where a lease is 5 s and an answer may take 30 s. */
const ANSWER_LEASES = 6
const report = (message: FromProcess): void => void process.send?.(message)

if (settings.withoutFence) removeFence()
openOutside(settings.outsideUrl)
const store = createPostgresStore({
  url: `${settings.url}?application_name=${settings.name}`,
  poolMax: 4,
  transactMax: 6,
  answerMsMax: ANSWER_LEASES * settings.leaseMs,
})
const engine = createEngine({
  store: reportRefusals(store),
  notifier: store.notifier,
  version: settings.name,
  leaseMs: settings.leaseMs,
  beatMs: settings.beatMs,
  // A low minimum, so that two flushes in flight at once occur.
  shareMin: 2,
  observe,
})

process.on('message', (message: ToProcess) => {
  if (message.type === 'stop') void engine.close().then(() => process.exit(0))
  else void start(message)
})
process.on('disconnect', () => process.exit(0))
if (settings.role === 'worker') await work()
report({ type: 'ready' })
// A killed process cannot flush the cache at its end, so it is flushed now.
flushCompileCache()

/** A worker that starts while the database is down waits for it, as a supervisor would make it do. */
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
    if (outcome.type === 'started') report({ type: 'started', n, workflow, run: outcome.run })
    else report({ type: 'not started', n, workflow, why: JSON.stringify(outcome) })
  } catch (error) {
    report({ type: 'not started', n, workflow, why: String(error) })
  }
}

function observe(fact: EngineFact): void {
  if (fact.type === 'lost') report({ type: 'lost', cause: fact.cause })
  else if (fact.type === 'trouble') report({ type: 'trouble', text: `${fact.where}: ${fact.error.message}` })
}

/** The same store, but it reports every rejection by the fence to the driver. */
function reportRefusals<Tx>(inner: Store<Tx>): Store<Tx> {
  const watch = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (error instanceof Fenced) report({ type: 'refused', what })
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
