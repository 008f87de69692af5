import { randomUUID } from 'node:crypto'
import { ProblemError } from '@orrery/contract'
import type { Core } from '@orrery/core'
import type { BuiltBundle } from '@orrery/engine'
import type { Identity } from '@orrery/kernel'

/** Deploys through the public operation, so that the bundle is checked, audited and announced as an event. */
export function deployProject(core: Pick<Core, 'call'>, org: string): (bundle: BuiltBundle) => Promise<void> {
  const credential: Identity = {
    actor: { type: 'system', id: 'project', name: 'The project of this server' },
    org,
    permissions: new Set(['workflows:deploy'] as const),
  }
  return async (bundle) => {
    const caller = { credential, requestId: randomUUID(), traceId: null, idempotencyKey: null, face: 'server' }
    try {
      await core.call('workflows.deploy', caller, bundle)
    } catch (error) {
      const fields = error instanceof ProblemError ? (error.extra.errors ?? []).map(({ path, message }) => `\n  ${path}: ${message}`) : []
      throw new Error(`${error instanceof Error ? error.message : String(error)}${fields.join('')}`, { cause: error })
    }
  }
}
