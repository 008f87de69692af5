import type { StartProblem } from '../../api.ts'
import type { RunRow, StartOutcome, Store } from '../../store/store.ts'
import { isPlain, type StartLimits, startedEvent } from './plan-start.ts'

/** A start whose input was checked. */
export interface PlannedStart {
  readonly type: 'planned'
  readonly row: RunRow
  readonly at: number | null
  readonly limits: StartLimits
}

/** In the caller's transaction: plain starts in one statement, all others one by one. Outcomes in the order of the requests. */
export async function startMany<Tx>(
  store: Store<Tx>,
  planned: readonly (PlannedStart | StartProblem)[],
  tx: Tx,
): Promise<readonly (StartOutcome | StartProblem)[]> {
  const starts = planned.flatMap((one) => (one.type === 'planned' ? [one] : []))
  const plain = store.startPlain === undefined ? [] : starts.filter(({ limits }) => isPlain(limits))
  const together = new Set(plain)
  const rows = plain.map(({ row, at }) => ({ ...row, at, event: startedEvent(row) }))
  const fresh = rows.length === 0 ? new Set<string>() : ((await store.startPlain?.(rows, tx)) ?? new Set<string>())
  const answers: (StartOutcome | StartProblem)[] = []
  for (const one of planned) {
    if (one.type !== 'planned') answers.push(one)
    else if (!together.has(one)) answers.push(await startOne(store, one, tx))
    else if (!fresh.has(one.row.run)) answers.push({ type: 'existing', run: one.row.run })
    else answers.push({ type: 'started', run: one.row.run, state: one.at === null ? 'ready' : 'waiting', cancelled: [] })
  }
  return answers
}

const startOne = <Tx>(store: Store<Tx>, { row, at, limits }: PlannedStart, tx: Tx): Promise<StartOutcome> =>
  store.startAdmitted({ ...row, ...limits, at, event: startedEvent(row) }, tx)
