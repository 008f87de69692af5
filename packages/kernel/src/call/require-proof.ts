import { type ProblemError, problem } from '@orrery/contract'
import type { Caller, Identity, Login } from '../context/identity.ts'
import type { Kernel } from '../context/kernel.ts'

/** How long ago a person may have proved who they are, for a dangerous operation. */
export const PROOF_MS_MAX = 10 * 60_000

/**
 * For dangerous operations: a person must have proved who they are lately, and a program that acts for a person may not do them. Keys and agents are not
 * concerned. Returns the identity, looked up again if the cached one was too old. @throws proof_required, forbidden
 */
export async function requireProof(kernel: Kernel, caller: Caller, identity: Identity): Promise<Identity> {
  // What it does would outlive the person's consent.
  if (identity.client !== undefined)
    throw problem('forbidden', `${identity.client.name} acts for you, so it may not do this. Do it yourself.`)
  const isRecent = ({ login }: Identity) => login === undefined || isProved(login, kernel.clock.now())
  if (isRecent(identity)) return identity
  // The cached identity may be older than a proof that was given a second ago.
  kernel.authenticator.forgetWhere(({ login }) => login?.id === identity.login?.id)
  const { credential } = caller
  const fresh = typeof credential === 'string' ? await kernel.authenticator.authenticate(credential, caller) : identity
  if (isRecent(fresh)) return fresh
  throw proofRequired(fresh.login, kernel.publicUrl())
}

export function isProved(login: Login, now: number): boolean {
  return now - login.provedAt <= PROOF_MS_MAX
}

/** @param url of the server */
export function proofRequired(login: Login | undefined, url: string): ProblemError {
  const provedAt = new Date(login?.provedAt ?? 0).toISOString()
  const detail = `Confirm with a passkey at ${url}/login?proof, or run \`orrery login\` again. You last did so at ${provedAt}.`
  return problem('proof_required', detail, { provedAt })
}
