import type { ScheduleFact } from '@orrery/core'
import type { EngineFact, Observer } from '@orrery/engine'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { connectGauges, type MetricSources } from './gauges.ts'

export interface Metrics {
  /** Records one call of an operation on any face. */
  operationDone(face: string, operation: string, status: number, seconds: number): void
  /** Records one HTTP request of any kind. */
  requestDone(face: string, status: number, seconds: number): void
  /** Counts an open event stream. The returned function counts it as closed. */
  streamOpened(): () => void
  readonly observe: Observer
  /** Records the outcome of an occurrence of a schedule. */
  readonly observeFirings: (fact: ScheduleFact) => void
  /** Records how late due work of a kind was done. */
  readonly observeLateness: (kind: string, latenessMs: number) => void
  /** Registers the gauges that read a running server. Before this call they are absent. */
  connect(sources: MetricSources): void
  /** The metrics in the text format of Prometheus, with its content type. */
  render(): Promise<{ readonly text: string; readonly contentType: string }>
}

/** Each sample wakes the process: at prom-client's 10 ms an idle server spends half of its CPU on this. The lag that is reported includes it. */
const EVENT_LOOP_SAMPLE_MS = 100
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const ENGINE_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

/**
 * The metrics of this process. Names of workflows and organizations are not labels: their number is unbounded, and a reader
 * of the metrics need not be a member of those organizations.
 */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS })
  const registers = [registry]
  const operations = new Histogram({
    name: 'orrery_operation_duration_seconds',
    help: 'Calls of operations.',
    labelNames: ['face', 'operation', 'status'] as const,
    buckets: REQUEST_BUCKETS,
    registers,
  })
  const requests = new Histogram({
    name: 'orrery_http_request_duration_seconds',
    help: 'HTTP requests.',
    labelNames: ['face', 'status'] as const,
    buckets: REQUEST_BUCKETS,
    registers,
  })
  const streams = new Gauge({ name: 'orrery_event_streams', help: 'Open event streams.', registers })
  return {
    operationDone: (face, operation, status, seconds) => operations.observe({ face, operation, status }, seconds),
    requestDone: (face, status, seconds) => requests.observe({ face, status }, seconds),
    streamOpened: () => {
      streams.inc()
      return () => streams.dec()
    },
    observe: createObserver(registry),
    observeFirings: createFiringObserver(registry),
    observeLateness: createLatenessObserver(registry),
    connect: (sources) => connectGauges(registry, sources),
    render: async () => ({ text: await registry.metrics(), contentType: registry.contentType }),
  }
}

const LATENESS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600]

function createLatenessObserver(registry: Registry): Metrics['observeLateness'] {
  const lateness = new Histogram({
    name: 'orrery_due_lateness_seconds',
    help: 'Time from when work was due until it was done: for a schedule, until its firing was committed; for a poll or a feed, until it began.',
    labelNames: ['kind'] as const,
    buckets: LATENESS_BUCKETS,
    registers: [registry],
  })
  return (kind, latenessMs) => lateness.observe({ kind }, Math.max(0, latenessMs) / 1000)
}

function createFiringObserver(registry: Registry): Metrics['observeFirings'] {
  const fired = new Counter({
    name: 'orrery_schedule_firings_total',
    help: 'Occurrences of schedules by outcome.',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  return ({ outcome }) => fired.inc({ outcome })
}

function createObserver(registry: Registry): Observer {
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name: `orrery_${name}`, help, labelNames, registers })
  const seconds = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Histogram({ name: `orrery_${name}`, help, labelNames, buckets: ENGINE_BUCKETS, registers })

  const flushRows = new Histogram({
    name: 'orrery_flush_rows',
    help: 'Rows written by one commit.',
    buckets: [1, 4, 16, 64, 256, 1024, 4096],
    registers,
  })
  const flushed = seconds('flush_duration_seconds', 'Duration of commits of the engine.')
  const claimed = counter('runs_claimed_total', 'Runs taken from the queue.')
  const claims = seconds('claim_duration_seconds', 'Duration of the queries that claim runs.')
  const started = counter('runs_started_total', 'Runs started by this process.', 'local')
  const finished = counter('runs_finished_total', 'Runs finished by this process.', 'status')
  const steps = seconds('step_duration_seconds', 'Duration of step attempts.', 'ok')
  const replayed = counter('rows_replayed_total', 'History rows replayed.')
  const parked = counter('runs_parked_total', 'Runs that gave up their slot to wait.', 'state')
  const blocked = counter('runs_blocked_total', 'Runs blocked until an operator acts.')
  const late = seconds('timer_lateness_seconds', 'How late timers fired.')
  const lost = counter('registrations_lost_total', 'Registrations that this worker lost.', 'cause')
  const reaped = counter('runs_reaped_total', 'Runs returned to the queue because their worker was silent.')
  const troubles = counter('engine_troubles_total', 'Errors that the engine recovered from.', 'where')
  const lines = counter('log_lines_total', 'Lines that steps and workflows of this process logged.', 'level')

  return (fact: EngineFact): void => {
    switch (fact.type) {
      case 'flushed':
        flushRows.observe(fact.rows)
        return flushed.observe(fact.tookMs / 1000)
      case 'claimed':
        claimed.inc(fact.runs)
        return claims.observe(fact.tookMs / 1000)
      case 'started':
        return started.inc({ local: String(fact.local) })
      case 'finished':
        return finished.inc({ status: fact.status })
      case 'step':
        return steps.observe({ ok: String(fact.ok) }, fact.tookMs / 1000)
      case 'replayed':
        return replayed.inc(fact.rows)
      case 'parked':
        return parked.inc({ state: fact.state })
      case 'blocked':
        return blocked.inc()
      case 'timer_late':
        return late.observe(Math.max(0, fact.lateMs) / 1000)
      case 'lost':
        return lost.inc({ cause: fact.cause })
      case 'reaped':
        return reaped.inc(fact.runs)
      case 'trouble':
        return troubles.inc({ where: fact.where })
      case 'log':
        return lines.inc({ level: fact.level })
      default:
        fact satisfies never
    }
  }
}
