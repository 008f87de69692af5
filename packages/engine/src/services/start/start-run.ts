import type { StartProblem, StartRequest, StartWithCompanions } from '../../api.ts'
import type { AdmittedStart, CompanionRow, RunRow, StartOutcome, Store } from '../../store/store.ts'
import { toJsonText } from '../../workflow/json.ts'
import type { DefaultBundles } from '../bundles/default-bundles.ts'
import type { InputChecker } from '../bundles/input-checker.ts'
import type { SandboxCache } from '../bundles/sandbox-cache.ts'
import { failpoint } from '../failpoints.ts'
import type { Flusher } from '../flush/flusher.ts'
import { isPlain, limitsOf, type StartLimits, startedEvent, toRunRow } from './plan-start.ts'
import { type SubmitParts, submitStart } from './submit-start.ts'

export interface StartParts<Tx> {
  readonly store: Store<Tx>
  readonly now: () => number
  readonly newId: () => string
  readonly defaults: DefaultBundles
  readonly sandboxes: SandboxCache
  readonly checker: InputChecker
  readonly flusher: Flusher
  readonly submit: SubmitParts
  readonly isInternal: (workflow: string) => boolean
  /** Notifies the processes concerned after a start in a transaction of its own. */
  readonly announceStart: (outcome: StartOutcome, queue: string) => void
}

/** A start with a checked input. */
interface PlannedStart {
  readonly type: 'planned'
  readonly row: RunRow
  /** The earliest time of the start. Null: now. */
  readonly at: number | null
  readonly limits: StartLimits
}

/** Resolves once the start is durable, or written in the caller's transaction. */
export async function startRun<Tx>(parts: StartParts<Tx>, request: StartWithCompanions, tx?: Tx): Promise<StartOutcome | StartProblem> {
  const planned = await planStart(parts, request)
  if (planned.type !== 'planned') return planned
  const { row, limits, at } = planned
  failpoint('start.before')
  const companions = request.companions?.(row.run) ?? []
  if (tx === undefined && isPlain(limits)) {
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null): void => (error ? reject(error) : resolve())
      submitStart(parts.submit, { row, at, unit: row.run, local: request.runId === undefined, companions, done })
    })
    failpoint('start.after')
    return { type: 'started', run: row.run, state: at === null ? 'ready' : 'waiting', cancelled: [] }
  }
  const outcome = await parts.store.startAdmitted(toAdmitted(planned), tx)
  if (tx === undefined) {
    await writeCompanions(parts.flusher, row.run, companions)
    parts.announceStart(outcome, row.queue)
  }
  failpoint('start.after')
  return outcome
}

/**
 * Starts runs in the caller's transaction: plain starts in one statement, all others one by one. Outcomes are in the order of the requests.
 */
export async function startRuns<Tx>(
  parts: StartParts<Tx>,
  requests: readonly StartRequest[],
  tx: Tx,
): Promise<readonly (StartOutcome | StartProblem)[]> {
  const { store } = parts
  const planned = await Promise.all(requests.map((request) => planStart(parts, request)))
  const starts = planned.flatMap((one) => (one.type === 'planned' ? [one] : []))
  const plain = store.startPlain === undefined ? [] : starts.filter(({ limits }) => isPlain(limits))
  const together = new Set(plain)
  const rows = plain.map(({ row, at }) => ({ ...row, at, event: startedEvent(row) }))
  const fresh = rows.length === 0 ? new Set<string>() : ((await store.startPlain?.(rows, tx)) ?? new Set<string>())
  const outcomes: (StartOutcome | StartProblem)[] = []
  for (const one of planned) {
    if (one.type !== 'planned') outcomes.push(one)
    else if (!together.has(one)) outcomes.push(await store.startAdmitted(toAdmitted(one), tx))
    else if (!fresh.has(one.row.run)) outcomes.push({ type: 'existing', run: one.row.run })
    else outcomes.push({ type: 'started', run: one.row.run, state: one.at === null ? 'ready' : 'waiting', cancelled: [] })
  }
  return outcomes
}

async function planStart<Tx>(parts: StartParts<Tx>, request: StartRequest): Promise<PlannedStart | StartProblem> {
  // The host adds an authority to each start of its own workflows, and to no start that a caller describes.
  if (request.authority === undefined && parts.isInternal(request.workflow)) return { type: 'no_such_workflow', workflow: request.workflow }
  const hash = request.version ?? (await parts.defaults.find(request.org, request.workflow))
  if (hash === null) return { type: 'no_such_workflow', workflow: request.workflow }
  const bundle = await parts.sandboxes.load(request.org, hash)
  const manifest = bundle?.workflows.get(request.workflow)
  if (!bundle) return { type: 'no_such_version', workflow: request.workflow, version: hash }
  if (!manifest) return { type: 'no_such_workflow', workflow: request.workflow }
  const input = toJsonText(request.input, `input of ${request.workflow}`)
  const issues = await parts.checker.check(bundle, request.workflow, input)
  if (issues.length > 0) return { type: 'invalid_input', issues }
  const run = request.runId ?? parts.newId()
  const now = parts.now()
  const row = toRunRow(request, { run, input, manifest, bundle: hash, parent: null, now })
  const at = request.at !== undefined && request.at > now ? request.at : null
  return { type: 'planned', row, at, limits: limitsOf(request, manifest) }
}

function toAdmitted({ row, limits, at }: PlannedStart): AdmittedStart {
  return { ...row, ...limits, at, event: startedEvent(row) }
}

/** The run itself is already durable. Without companions there is nothing to wait for. */
async function writeCompanions(flusher: Flusher, run: string, companions: readonly CompanionRow[]): Promise<void> {
  if (companions.length === 0) return
  for (const companion of companions) flusher.add(run, 'companions', companion)
  await new Promise<void>((resolve, reject) => flusher.whenDurable(run, (error) => (error ? reject(error) : resolve())))
}
