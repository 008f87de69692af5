import type { OutsidePolicy } from '@orrery/kernel'

/** For servers that think before they answer: how long the call may take is how long they may. Connecting is not waited for any longer. */
export function allowSlowAnswers(policy: OutsidePolicy): OutsidePolicy {
  return { ...policy, headersMs: policy.totalMs }
}
