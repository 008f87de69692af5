import { FAILPOINTS, type Failpoint } from '../../packages/engine/src/services/failpoints.ts'
import { WORKFLOWS, type WorkflowName } from './fixtures/model.ts'

export interface CrashCase {
  readonly failpoint: Failpoint
  /** The process dies the time of this number that it passes there. */
  readonly count: number
  readonly workflow: WorkflowName
}

/** Where only some get. Every other failpoint is passed by every workflow. */
const only: Partial<Record<Failpoint, readonly WorkflowName[]>> = {
  'park.after': ['sleepy', 'asked', 'family'],
  'tx-step.before-commit': ['bank', 'rolling'],
  'tx-step.after-commit': ['bank', 'rolling'],
}

/** Once for each registration; a process that loses none has one. */
const counts = (failpoint: Failpoint): readonly number[] =>
  failpoint === 'register.after' ? [1] : failpoint === 'beat.before' ? [1, 3] : [1, 2, 4]

/** Every failpoint, with every workflow that gets there, dying at several times. */
export function crashCases(): CrashCase[] {
  return FAILPOINTS.flatMap((failpoint) =>
    (only[failpoint] ?? WORKFLOWS).flatMap((workflow) => counts(failpoint).map((count) => ({ failpoint, count, workflow }))),
  )
}
