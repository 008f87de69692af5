import { createHash } from 'node:crypto'
import type { StartRequest } from '../../api.ts'
import type { AdmittedStart, EventRow, RunId, RunRow } from '../../store/store.ts'
import type { Json, WorkflowManifest } from '../../workflow/protocol.ts'

export type StartLimits = Pick<AdmittedStart, 'dedupe' | 'debounce' | 'concurrency' | 'rate'>

interface NewRun {
  readonly run: RunId
  readonly input: string
  readonly manifest: WorkflowManifest
  readonly bundle: string
  readonly parent: RunRow['parent']
  readonly now: number
}

/** The row of a new run, from the caller's request, then the workflow's declaration, then defaults. */
export function toRunRow(request: StartRequest, { run, input, manifest, bundle, parent, now }: NewRun): RunRow {
  const timeoutMs = request.timeoutMs ?? manifest.options.timeoutMs
  return {
    org: request.org,
    run,
    workflow: request.workflow,
    bundle,
    queue: request.queue ?? manifest.options.queue ?? 'default',
    priority: request.priority ?? manifest.options.priority ?? 'normal',
    input,
    authority: request.authority ?? null,
    tags: request.tags ?? [],
    createdAt: now,
    parent,
    origin: null,
    seed: run,
    keys: run,
    // A delayed run begins at its time, not when its start was requested.
    clockAt: Math.max(now, request.at ?? 0),
    deadline: timeoutMs === undefined ? null : Math.max(now, request.at ?? 0) + timeoutMs,
  }
}

export function startedEvent(row: RunRow): EventRow {
  const data = JSON.stringify({ workflow: row.workflow, ...(row.parent ? { parent: row.parent.run } : {}) })
  return { org: row.org, type: 'run.started', subject: row.run, data, at: row.createdAt }
}

/** The limits of a start: those that the workflow declares, keyed by its input, and the caller's own keys. */
export function limitsOf(request: StartRequest, manifest: WorkflowManifest): StartLimits {
  const { concurrency, rateLimit, debounce } = manifest.options
  const keyed = (path: string | undefined): string => (path === undefined ? '' : `:${textAt(request.input, path)}`)
  const limits: AdmittedStart['concurrency'][number][] = []
  if (concurrency) {
    const key = request.concurrencyKey === undefined ? keyed(concurrency.key) : `:${request.concurrencyKey}`
    limits.push({ limit: `workflow:${manifest.name}${key}`, max: concurrency.limit, onFull: concurrency.onFull ?? 'queue' })
  } else if (request.concurrencyKey !== undefined) {
    limits.push({ limit: `key:${request.concurrencyKey}`, max: 1, onFull: 'queue' })
  }
  if (request.exclusiveKey !== undefined) limits.push({ limit: `key:${request.exclusiveKey}`, max: 1, onFull: 'queue' })
  const asked = request.debounce ?? (debounce && { key: textAt(request.input, debounce.key ?? ''), ...debounce })
  return {
    dedupe: request.dedupe ?? null,
    debounce: asked
      ? {
          key: `${manifest.name}:${(request.debounce?.key ?? keyed(debounce?.key)) || ''}`,
          delayMs: asked.delayMs,
          maxDelayMs: asked.maxDelayMs ?? null,
        }
      : null,
    concurrency: limits,
    rate: rateLimit ? { limit: `rate:${manifest.name}${keyed(rateLimit.key)}`, max: rateLimit.limit, periodMs: rateLimit.periodMs } : null,
  }
}

/** Plain starts share a group commit. All others are decided one by one. */
export function isPlain(limits: StartLimits): boolean {
  return limits.dedupe === null && limits.debounce === null && limits.concurrency.length === 0 && limits.rate === null
}

/** Longer keys would not fit into an index. */
const KEY_CHARS_MAX = 512

/**
 * Turns text from an input into a part of a key that the database accepts: well-formed, without NUL, and not too long. A long text ends in
 * a digest instead, so that distinct texts stay distinct.
 */
function toKey(text: string): string {
  const plain = text.toWellFormed().replaceAll('\u0000', '\ufffd')
  if (plain.length <= KEY_CHARS_MAX) return plain
  const digest = createHash('sha256').update(plain).digest('hex')
  return `${plain.slice(0, KEY_CHARS_MAX - digest.length - 1).toWellFormed()}-${digest}`
}

/** The value at a dotted path of the input, as text. Absent values share one key. */
function textAt(input: Json, path: string): string {
  let value: Json | undefined = input
  for (const name of path.split('.')) {
    if (name === '') continue
    value = value !== null && typeof value === 'object' && !Array.isArray(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  if (value === undefined) return ''
  return toKey(typeof value === 'string' ? value : JSON.stringify(value))
}
