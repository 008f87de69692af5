import { ProblemError } from '@orrery/contract'
import type { Backend } from '../backend.ts'
import type { ServerContext } from '../http/request-info.ts'

/** Whom a client logs in as, and with what. */
export interface ClientLogin {
  readonly agent: string
  readonly secret: string
}

/** Makes the attempt within the limits for failed logins, and logs a failure without the secret. @throws unauthenticated, rate_limited */
export async function attemptLogin<T>(
  { limitLogin, log }: Backend,
  context: ServerContext,
  { agent, secret }: ClientLogin,
  attempt: () => Promise<T>,
): Promise<T> {
  const { requestId, address } = context.var.info
  try {
    return await limitLogin({ agent, secret, address: address ?? undefined }, attempt)
  } catch (error) {
    if (error instanceof ProblemError) log.info({ agent, requestId, address, problem: error.code }, 'Refused a login')
    throw error
  }
}
