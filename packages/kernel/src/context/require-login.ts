import { problem } from '@orrery/contract'
import type { Ctx } from './context.ts'
import type { Login } from './identity.ts'

/** The login of the person that calls. @throws login_required */
export function requireLogin({ login, actor }: Ctx): Login {
  if (login !== null) return login
  const what = actor.type === 'api_key' ? 'An API key' : 'The caller'
  throw problem('login_required', `${what} has no profile and no devices: log in as a person.`)
}
