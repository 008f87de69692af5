import { ProblemError, problem } from '@orrery/contract'
import type { Kernel } from '../context/kernel.ts'
import { isIssued } from '../secrets/issued-mark.ts'
import { networkOf } from './limit-lookups.ts'
import { createRateLimiter } from './rate-limiter.ts'

/** Failed logins from one network, and failed logins as one agent. */
const FAILED = { perSecond: 1, burst: 30 }
/** No agent has a longer name. */
const AGENT_CHARS_MAX = 128

export interface AttemptedLogin {
  /** The id or name that was sent. There may be no such agent. */
  readonly agent: string
  readonly secret: string
  /** The network address that sent it. */
  readonly address: string | undefined
}

/** Makes the attempt. @throws rate_limited before it, if too many have failed */
export type LimitedLogin = <T>(login: AttemptedLogin, attempt: () => Promise<T>) => Promise<T>

/**
 * Limits logins with made-up secrets by network and by agent, the same whether there is such an agent or not. A secret that was issued here is
 * no guess, so no flood of guesses keeps an agent out; look-ups of such a secret are limited by itself (`limitLookups`).
 */
export function limitLogins({ secretKeys, clock }: Pick<Kernel, 'secretKeys' | 'clock'>): LimitedLogin {
  const limit = createRateLimiter(FAILED, () => clock.now())
  return async ({ agent, secret, address }, attempt) => {
    if (isIssued(secretKeys, secret)) return attempt()
    const sources = [`network ${networkOf(address)}`, `agent ${agent.slice(0, AGENT_CHARS_MAX)}`]
    for (const source of sources) {
      const refused = limit.ask(source)
      if (refused !== null) throw problem('rate_limited', 'Too many logins have failed from this network, or as this agent.', refused)
    }
    // Counted at once, so that many attempts at the same time do not all pass.
    for (const source of sources) limit.count(source)
    try {
      const result = await attempt()
      for (const source of sources) limit.forgive(source)
      return result
    } catch (error) {
      const isFailedLogin = error instanceof ProblemError && error.code === 'unauthenticated'
      if (!isFailedLogin) for (const source of sources) limit.forgive(source)
      throw error
    }
  }
}
