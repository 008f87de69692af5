import type { OutsidePolicy } from '@orrery/kernel'

/** Lets a server take the whole time of the call until it sends its headers. The limit for connecting stays. */
export function allowSlowAnswers(policy: OutsidePolicy): OutsidePolicy {
  return { ...policy, headersMs: policy.totalMs }
}
