import type { ShownProvider } from '../providers.ts'
import { sheet } from './frame.ts'

/** A person's own account: profile, ways to log in, devices, programs, organizations, data. The script fills it. */
export function account(providers: readonly ShownProvider[]): Response {
  const connect = providers.some(({ id }) => id === 'github')
    ? `<section aria-labelledby="accounts-title"><div class="row">
<h2 id="accounts-title">Connected accounts</h2><button class="quiet" id="github" type="button">Connect GitHub</button></div>
<ul class="list" id="accounts"></ul></section>`
    : ''
  return sheet({
    id: 'account',
    title: 'Your account',
    lead: '',
    foot: '<button class="quiet" id="sign-out" type="button">Sign out</button>',
    body: `<section aria-labelledby="profile-title"><h2 id="profile-title">Profile</h2>
<form id="profile"><div class="fields">
<label>Name <input name="name" autocomplete="name" required maxlength="128"></label>
<label>Address for notices <input name="notifyEmail" type="email" maxlength="254"></label>
<label>Language <input name="locale" list="locales" maxlength="35" placeholder="en"></label>
<label>Time zone <input name="zone" list="zones" maxlength="60"></label></div>
<datalist id="zones"></datalist><datalist id="locales"></datalist>
<p class="row"><button class="quiet">Save</button><span class="hint" id="saved" role="status"></span></p></form></section>
<section aria-labelledby="passkeys-title"><div class="row">
<h2 id="passkeys-title">Passkeys</h2><button class="quiet" id="passkey" type="button">Add a passkey</button></div>
<ul class="list" id="passkeys"></ul></section>
${connect}
<section aria-labelledby="devices-title"><div class="row">
<h2 id="devices-title">Devices</h2><button class="quiet" id="end-all" type="button">Sign out everywhere else</button></div>
<ul class="list" id="devices"></ul></section>
<section aria-labelledby="programs-title"><h2 id="programs-title">Programs that act for you</h2><ul class="list" id="programs"></ul></section>
<section aria-labelledby="orgs-title"><h2 id="orgs-title">Organizations</h2><ul class="list" id="orgs"></ul></section>
<section aria-labelledby="data-title"><div class="row">
<h2 id="data-title">Your data</h2><button class="quiet" id="export" type="button">Export</button></div>
<details><summary>Delete your account</summary><p class="dim">You leave all organizations, and nothing but ids stays of you. This cannot be undone.</p>
<form id="delete" class="row"><label>Your e-mail address, to confirm <input name="confirm" type="email" required></label>
<button class="quiet danger">Delete</button></form></details></section>`,
  })
}
