import { FAILPOINTS, type Failpoint } from '../../packages/engine/src/services/failpoints.ts'
import { WORKFLOWS, type WorkflowName } from './fixtures/model.ts'

export interface CrashCase {
  readonly failpoint: Failpoint
  /** The process dies when it passes the failpoint for this many times. */
  readonly count: number
  readonly workflow: WorkflowName
}

/** The failpoints that only some workflows reach. All others are reached by every workflow. */
const reachedBy: Partial<Record<Failpoint, readonly WorkflowName[]>> = {
  'park.after': ['sleepy', 'asked', 'family'],
  'tx-step.before-commit': ['bank', 'rolling'],
  'tx-step.after-commit': ['bank', 'rolling'],
}

/** `register.after` is passed once per registration, and a process that loses none has one. */
const counts = (failpoint: Failpoint): readonly number[] =>
  failpoint === 'register.after' ? [1] : failpoint === 'beat.before' ? [1, 3] : [1, 2, 4]

/** Every failpoint, with every workflow that reaches it, at several counts. */
export function crashCases(): CrashCase[] {
  return FAILPOINTS.flatMap((failpoint) =>
    (reachedBy[failpoint] ?? WORKFLOWS).flatMap((workflow) => counts(failpoint).map((count) => ({ failpoint, count, workflow }))),
  )
}
