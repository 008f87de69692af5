import { Hono } from 'hono'
import { escapeHtml, file } from '../../docs/html.ts'
import type { ServerEnv } from '../../http/request-info.ts'
import type { ShownProvider } from '../providers.ts'
import { account } from './account.ts'
import { frame, SCRIPT_PATH, STYLE_PATH } from './frame.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

/** The pages on which people log in. @param url the address at which people reach this server */
export function servePages(url: () => string, providers: readonly ShownProvider[]): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  app.get(SCRIPT_PATH, () => file(SCRIPT, 'text/javascript; charset=utf-8'))
  app.get(STYLE_PATH, () => file(STYLE, 'text/css; charset=utf-8'))
  for (const [path, show] of Object.entries(PAGES)) {
    app.get(path, (context) => {
      // Passkeys and cookies belong to one name, so every other name of this server leads there.
      const own = new URL(url())
      if (context.req.header('host') === own.host) return show(own, providers)
      const { search } = new URL(context.req.url)
      return context.redirect(`${own.origin}${path}${search}`, 302)
    })
  }
  return app
}

const PAGES: Readonly<Record<string, (own: URL, providers: readonly ShownProvider[]) => Response>> = {
  '/account': (_, providers) => account(providers),
  '/login': ({ host }, providers) =>
    frame({
      id: 'login',
      title: 'Sign in to Orrery',
      lead: `at <b>${escapeHtml(host)}</b>`,
      body: `<button class="first" id="passkey" type="button">Use a passkey</button>
${providers.map(({ id, name }) => `<button type="button" data-provider="${id}">Continue with ${escapeHtml(name)}</button>`).join('\n')}
<div class="or">or</div>
<form id="mail"><label>E-mail <input name="email" type="email" autocomplete="username webauthn" required maxlength="254">
<small>We send a link that works once, for 10 minutes.</small></label><button>Send me a link</button></form>
<p class="done" id="sent" role="status" hidden>If <b id="sent-to"></b> is known here, a link is on its way. It works once, for 10 minutes.</p>`,
      foot: 'Only people who were invited can sign in.',
    }),
  '/login/link': ({ host }) =>
    frame({
      id: 'link',
      title: 'Sign in to Orrery',
      lead: `at <b>${escapeHtml(host)}</b>, by the link from your mail`,
      body: '<button class="first" id="enter" type="button">Sign in</button><a href="/login">Send another link</a>',
    }),
  '/setup': ({ host }) =>
    frame({
      id: 'setup',
      title: 'Welcome to Orrery',
      lead: `You are the first person at <b>${escapeHtml(host)}</b>, and its administrator. There is no password.`,
      body: `<form id="person"><label>Name <input name="name" autocomplete="name" required maxlength="128"></label>
<label>E-mail <input name="email" type="email" autocomplete="email" required maxlength="254">
<small>Links to log in and notices go there.</small></label><button class="first">Continue</button></form>
<div id="key" class="stack" hidden><button class="first" id="passkey" type="button">Add a passkey</button>
<a href="/account">Later</a></div>`,
    }),
  '/invite': ({ host }) =>
    frame({
      id: 'invite',
      title: 'You are invited',
      lead: `to Orrery at <b>${escapeHtml(host)}</b>`,
      body: `<form id="join" hidden><p>Join <b id="org"></b> as <b id="role"></b>, with the address <b id="email"></b>.</p>
<label id="name">Name <input name="name" autocomplete="name" maxlength="128"></label><button class="first">Join</button></form>
<a class="button" id="enter" href="/login?next=/invite" hidden>Sign in to join</a>
<div id="key" class="stack" hidden><button class="first" id="passkey" type="button">Add a passkey</button>
<a href="/account">Later</a></div>`,
    }),
  '/device': ({ host }) =>
    frame({
      id: 'device',
      title: 'Log in a command line',
      lead: `at <b>${escapeHtml(host)}</b>, with your account`,
      body: `<form id="typed"><label>Code <input name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="20">
<small>Eight letters, which your terminal shows after <code>orrery login</code>.</small></label><button class="first">Continue</button></form>
<div id="asked" class="stack" hidden><p>Does your terminal show this code?</p><p class="code" id="code"></p>
<p class="dim">Asked by <b id="machine"></b><span id="address"></span></p>
<p>Confirm only if you ran <code>orrery login</code> yourself, just now. A stranger who sent you this link could act as you.</p>
<button class="first" id="confirm" type="button">Confirm</button><button id="deny" type="button">Deny</button></div>
<p class="done" id="done" role="status" hidden></p>`,
      foot: 'A login of a command line ends after 90 days, or with <code>orrery logout</code>.',
    }),
}
