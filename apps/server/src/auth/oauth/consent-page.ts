import { encodeId } from '@orrery/contract'
import type { KnownClient, OrgChoice } from '@orrery/kernel'
import { escapeHtml } from '../../docs/html.ts'
import { frame } from '../pages/frame.ts'
import { describeScopes } from './scope-lines.ts'

interface Asked {
  readonly client: KnownClient
  /** Where the answer goes. */
  readonly redirect: URL
  readonly scopes: readonly string[]
  readonly choices: readonly OrgChoice[]
  /** The e-mail or name of who decides. */
  readonly host: string
}

/** The page on which a person allows a client something, or does not. */
export function showConsent({ client, redirect, scopes, choices, host }: Asked): Response {
  if (choices.length === 0) return showProblem('You are no member of an organization here, so there is nothing to allow.')
  const name = escapeHtml(client.name)
  const orgs = choices.map(({ org, name: orgName, role, permissions }, i) => {
    const id = encodeId('org', org)
    const lines = describeScopes(scopes, permissions).map(
      ({ text, changes }) => `<li${changes ? ' class="changes"' : ''}>${escapeHtml(text)}</li>`,
    )
    const may = lines.length === 0 ? '<li>Nothing: your role there does not allow what it asks.</li>' : lines.join('')
    return `<label class="choice"><input type="radio" name="organization" value="${id}"${i === 0 ? ' checked' : ''}${choices.length === 1 ? ' hidden' : ''}>
<span>For <b>${escapeHtml(orgName)}</b>, where you are ${escapeHtml(role)}, it may:</span></label><ul class="may">${may}</ul>`
  })
  return frame({
    id: 'consent',
    title: `Allow ${client.name}?`,
    lead: `<b>${name}</b> wants to act for you at <b>${escapeHtml(host)}</b>.`,
    body: `${client.host === null ? warning(name) : `<p>${escapeHtml(client.host)} vouches for it.</p>`}
<form id="consent"><div class="choices">${orgs.join('')}</div>
<p class="hint">It stays allowed until you withdraw it or sign out of this login. It cannot create keys.
Your answer goes to <b>${escapeHtml(placeOf(redirect))}</b>.</p>
<button class="first" name="accept" value="yes">Allow</button><button name="accept" value="no">Deny</button></form>`,
    foot: 'Allow only what you have started yourself.',
  })
}

function warning(name: string): string {
  return `<p class="problem" role="note">It was not checked that this is really ${name}: the program chose that name itself. Deny it, unless you
have just connected it.</p>`
}

function placeOf({ protocol, hostname, host }: URL): string {
  if (protocol !== 'http:' && protocol !== 'https:') return `the program that opens ${protocol} links on this computer`
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname) ? 'a program on this computer' : host
}

/** A request of a client that cannot be answered to the client. */
export function showProblem(problem: string): Response {
  const shown = frame({
    id: 'problem',
    title: 'This cannot be allowed',
    lead: escapeHtml(problem),
    body: '<p>Go back to the program, and connect it again.</p>',
  })
  return new Response(shown.body, { status: 400, headers: shown.headers })
}
