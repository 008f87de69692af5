import { listOperations } from '@orrery/contract'
import type { Core } from '@orrery/core'
import { describePublicKey, identify, type Kernel, limitLogins } from '@orrery/kernel'
import type { Backend } from './backend.ts'
import type { Logger } from './observe/logger.ts'
import type { Metrics } from './observe/metrics.ts'
import { VERSION } from './version.ts'

export interface BackendOptions {
  readonly core: Pick<Core, 'call' | 'identify' | 'kernel'>
  readonly log: Logger
  readonly metrics: Metrics
  readonly maxBodyBytes: number
  readonly publicUrl: () => string
  readonly oauth: Kernel['oauth']
  /** Called with the error of each call that fails. */
  readonly observeFailure: (error: unknown) => void
}

/** Core as the faces see it. Every call is counted in the metrics. */
export function createBackend({ core, metrics, observeFailure, ...rest }: BackendOptions): Backend {
  return {
    operations: listOperations(),
    version: VERSION,
    metrics,
    ...rest,
    identify: core.identify,
    identifyAny: (caller) => identify(core.kernel, caller, 'token'),
    limitLogin: limitLogins(core.kernel),
    tokenKey: describePublicKey(core.kernel.tokenKeys),
    call: async (operation, caller, input) => {
      const begun = performance.now()
      let status = 500
      try {
        const answer = await core.call(operation, caller, input)
        status = answer.status
        return answer
      } catch (error) {
        observeFailure(error)
        if (error instanceof Error && 'status' in error && typeof error.status === 'number') status = error.status
        throw error
      } finally {
        metrics.operationDone(caller.face, operation, status, (performance.now() - begun) / 1000)
      }
    },
  }
}
