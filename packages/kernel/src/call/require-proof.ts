import { problem } from '@orrery/contract'
import type { Caller, Identity } from '../context/identity.ts'
import type { Kernel } from '../context/kernel.ts'

/** How long ago a person may have proved who they are, for a dangerous operation. */
export const PROOF_MS_MAX = 10 * 60_000

/**
 * For dangerous operations: a person must have proved who they are lately. Others are not concerned. Returns the identity, looked up again if
 * the cached one was too old. @throws proof_required
 */
export async function requireProof(kernel: Kernel, caller: Caller, identity: Identity): Promise<Identity> {
  const isRecent = ({ login }: Identity) => login === undefined || kernel.clock.now() - login.provedAt <= PROOF_MS_MAX
  if (isRecent(identity)) return identity
  // The cached identity may be older than a proof that was given a second ago.
  kernel.authenticator.forgetWhere(({ login }) => login?.id === identity.login?.id)
  const { credential } = caller
  const fresh = typeof credential === 'string' ? await kernel.authenticator.authenticate(credential, caller) : identity
  if (isRecent(fresh)) return fresh
  const provedAt = new Date(fresh.login?.provedAt ?? 0).toISOString()
  const where = `${kernel.publicUrl()}/login?proof`
  throw problem('proof_required', `Confirm with a passkey at ${where}, or run \`orrery login\` again. You last did so at ${provedAt}.`, {
    provedAt,
  })
}
