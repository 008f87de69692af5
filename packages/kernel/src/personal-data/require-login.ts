import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { Login } from '../context/identity.ts'

/** The login of the person that calls. @throws login_required */
export function requireLogin({ login }: Ctx): Login {
  if (login === null) throw problem('login_required', 'Keys, tokens and runs belong to no person.')
  return login
}
