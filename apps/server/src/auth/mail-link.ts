import { createRateLimiter, isKnownPerson, type Kernel, queueMail } from '@orrery/kernel'
import { LINK_SECONDS, type LoginLink } from './login-link.ts'

/** Links that one address gets: three at once, then one in three minutes. */
const LINKS_AT_ONCE = 3
const LINKS_PER_SECOND = 1 / 180

/**
 * Mails a link to log in to an address, if a person has it. Nothing waits for the look-up, so that a caller cannot tell known addresses from
 * unknown ones by time.
 */
export function createLinkMailer(kernel: Kernel, url: () => string): (link: LoginLink) => void {
  const limit = createRateLimiter({ perSecond: LINKS_PER_SECOND, burst: LINKS_AT_ONCE }, () => performance.now())
  const mail = async ({ email, token, next }: LoginLink): Promise<void> => {
    if (!(await isKnownPerson(kernel.database, email)) || limit(email.toLowerCase()) !== null) return
    const query = next === null ? '' : `?next=${encodeURIComponent(next)}`
    const text = `Open this link to sign in to Orrery at ${new URL(url()).host}:

${url()}/login/link${query}#${token}

It works once, within ${LINK_SECONDS / 60} minutes. If you did not ask for it, ignore this mail: it lets no one else in.
`
    await queueMail(kernel, { recipient: email, subject: 'Sign in to Orrery', text, expiresAt: kernel.clock.now() + LINK_SECONDS * 1000 })
  }
  return (link) => {
    mail(link).catch((error: unknown) => kernel.log.error({ error }, 'a link to log in could not be mailed'))
  }
}
