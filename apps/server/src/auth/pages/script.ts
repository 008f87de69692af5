/** The script of the pages on which people log in. It uses the browser's own functions for passkeys (WebAuthn level 3, section 5.1). */
export const SCRIPT = `const pages = {}
const $ = (selector) => document.querySelector(selector)
const search = new URLSearchParams(location.search)

addEventListener('DOMContentLoaded', () => pages[$('main').dataset.page]?.())

/** Where to go after a login: only to pages of this server. */
function goOn() {
  const asked = new URL(search.get('next') ?? '/account', location.origin)
  location.assign(asked.origin === location.origin ? asked : '/account')
}

function show(problem) {
  $('#problem').textContent = problem
  $('#problem').hidden = problem === ''
}

/** Runs an action once at a time; what goes wrong is shown on the page. */
function on(element, event, action) {
  element?.addEventListener(event, async (happened) => {
    happened.preventDefault()
    const button = happened.submitter ?? happened.currentTarget
    show('')
    button.disabled = true
    try {
      await action(happened.currentTarget ?? element, button)
    } catch (error) {
      show(error.message)
    } finally {
      button.disabled = false
    }
  })
}

/** What is dangerous needs a proof of who the person is, from the last minutes: the passkey is asked for, once. */
async function ask(method, path, body, isProved = false) {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  let answer
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  } catch {
    throw new Error('The server does not answer. Try again in a moment.')
  }
  const text = await answer.text()
  let read = null
  try {
    read = text === '' ? null : JSON.parse(text)
  } catch {}
  if (answer.ok) return read
  if (read?.code === 'proof_required' && !isProved) {
    await usePasskey()
    return ask(method, path, body, true)
  }
  if (answer.status === 429) throw new Error('Too many tries. Wait a minute, then try again.')
  throw new Error(read?.detail ?? read?.error_description ?? read?.message ?? 'The server answered ' + answer.status + '.')
}

function requirePasskeys() {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON)
    throw new Error(window.isSecureContext ? 'This browser is too old for passkeys.' : 'Passkeys need https, or the address localhost.')
}

/** A person who closes the dialog of the browser has not made a mistake. */
async function unlessClosed(asked) {
  try {
    return await asked
  } catch (error) {
    if (error.name === 'NotAllowedError' || error.name === 'AbortError') throw new Error('No passkey was used: the dialog was closed or took too long.')
    if (error.name === 'InvalidStateError') throw new Error('This device has a passkey for you already.')
    throw error
  }
}

async function usePasskey() {
  requirePasskeys()
  const options = { ...(await ask('GET', '/auth/passkey/generate-authenticate-options')), userVerification: 'required' }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  const credential = await unlessClosed(navigator.credentials.get({ publicKey }))
  await ask('POST', '/auth/passkey/verify-authentication', { response: credential.toJSON() })
}

async function addPasskey() {
  requirePasskeys()
  const options = await ask('GET', '/auth/passkey/generate-register-options')
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  const credential = await unlessClosed(navigator.credentials.create({ publicKey }))
  await ask('POST', '/auth/passkey/verify-registration', { response: credential.toJSON(), name: nameDevice() })
}

function nameDevice() {
  const agent = navigator.userAgent
  const system = [['iPhone', /iPhone/], ['iPad', /iPad/], ['Android', /Android/], ['Mac', /Mac OS/], ['Windows', /Windows/], ['Linux', /Linux/]]
  return system.find(([, form]) => form.test(agent))?.[0] ?? 'Passkey'
}

/** To another system and back. */
async function visit(path, provider, callbackURL) {
  const { url } = await ask('POST', path, { provider, callbackURL, errorCallbackURL: location.pathname })
  location.assign(url)
}

/** A row of a list: a name, a note, and what can be done. */
function row(name, note, ...actions) {
  const item = document.createElement('li')
  const parts = [name, note].map((text) => Object.assign(document.createElement('span'), { textContent: text }))
  parts[1].className = 'hint'
  const tools = document.createElement('span')
  tools.className = 'row'
  for (const { label, act } of actions) {
    const button = Object.assign(document.createElement('button'), { textContent: label, className: 'quiet', type: 'button' })
    button.setAttribute('aria-label', label + ': ' + name)
    on(button, 'click', act)
    tools.append(button)
  }
  item.append(...parts, tools)
  return item
}

function fill(list, rows, empty) {
  const nothing = Object.assign(document.createElement('li'), { textContent: empty, className: 'hint' })
  $(list)?.replaceChildren(...(rows.length === 0 ? [nothing] : rows))
}

function when(time) {
  return time == null ? 'never' : new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
}

function take() {
  const token = location.hash.slice(1)
  // A secret does not stay in the history of the browser.
  history.replaceState(null, '', location.pathname + location.search)
  return token
}

const WHY = {
  signup_disabled: 'That account is not connected to a person here. Sign in in another way, then connect it in your account.',
  account_not_linked: 'That account is not connected to a person here. Sign in in another way, then connect it in your account.',
}

pages.login = () => {
  const reason = search.get('error')
  if (reason !== null) show(WHY[reason] ?? 'Signing in did not work. Try again, or in another way.')
  on($('#passkey'), 'click', async () => {
    await usePasskey()
    goOn()
  })
  for (const button of document.querySelectorAll('[data-provider]')) {
    on(button, 'click', () => visit('/auth/sign-in/social', button.dataset.provider, search.get('next') ?? '/account'))
  }
  on($('#mail'), 'submit', async (form) => {
    const email = form.elements.email.value.trim()
    const next = search.get('next')
    await ask('POST', '/auth/sign-in/magic-link', next === null ? { email } : { email, metadata: { next } })
    $('#sent').hidden = false
    $('#sent-to').textContent = email
    form.hidden = true
  })
}

pages.link = () => {
  const token = take()
  if (token === '') show('This link is not complete. Copy all of it from the mail.')
  on($('#enter'), 'click', async () => {
    const answer = await fetch('/auth/magic-link/verify?token=' + encodeURIComponent(token), { redirect: 'manual' })
    if (!answer.ok) throw new Error('This link was used, or is older than 10 minutes. Send another.')
    goOn()
  })
}

pages.setup = () => {
  const token = take()
  on($('#person'), 'submit', async ({ elements }) => {
    await ask('POST', '/auth/setup', { token, name: elements.name.value.trim(), email: elements.email.value.trim() })
    $('#person').hidden = true
    $('#key').hidden = false
    $('#lead').textContent = 'You are logged in. Add a passkey: it is how you log in from now on.'
  })
  on($('#passkey'), 'click', async () => {
    await addPasskey()
    goOn()
  })
}

pages.invite = async () => {
  // It survives a login on the way.
  const token = take() || sessionStorage.getItem('invitation') || ''
  sessionStorage.setItem('invitation', token)
  let found
  try {
    if (token === '') throw new Error('This link is not complete. Copy all of it from the mail.')
    found = await ask('POST', '/auth/invitation', { token })
  } catch (error) {
    return show(error.message)
  }
  const isOwn = found.loggedInAs?.toLowerCase() === found.email.toLowerCase()
  for (const [id, text] of [['org', found.orgName], ['role', found.role], ['email', found.email]]) $('#' + id).textContent = text
  if (found.loggedInAs !== null && !isOwn) {
    return show('You are signed in as ' + found.loggedInAs + ', and this invitation is for ' + found.email + '. Sign out first.')
  }
  $('#name').hidden = isOwn
  $('#join input').value = found.name ?? ''
  $('#join').hidden = found.isPersonKnown && !isOwn
  $('#enter').hidden = !$('#join').hidden
  on($('#join'), 'submit', async ({ elements }) => {
    const name = elements.name.value.trim()
    const { outcome, isNewPerson } = await ask('POST', '/auth/invitation/accept', { token, ...(isOwn || name === '' ? {} : { name }) })
    if (outcome === 'login_needed') return location.assign('/login?next=/invite')
    sessionStorage.removeItem('invitation')
    if (!isNewPerson) return location.assign('/account')
    $('#join').hidden = true
    $('#key').hidden = false
    $('#lead').textContent = 'You are in. Add a passkey: it is how you log in from now on.'
  })
  on($('#passkey'), 'click', async () => {
    await addPasskey()
    location.assign('/account')
  })
}

const FIELDS = ['name', 'notifyEmail', 'locale', 'zone']

pages.account = async () => {
  const orLogin = (error) => (error.message.includes('log') ? location.assign('/login?next=/account') : show(error.message))
  const showAll = () => Promise.all([showProfile(), showPasskeys(), showAccounts(), showDevices(), showPrograms(), showOrgs()]).catch(orLogin)
  on($('#profile'), 'submit', async ({ elements }) => {
    const given = Object.fromEntries(FIELDS.map((field) => [field, elements[field].value.trim() || null]))
    await ask('PATCH', '/api/v1/profile', given)
    $('#saved').textContent = 'Saved.'
    await showProfile()
  })
  on($('#passkey'), 'click', async () => {
    await addPasskey()
    await showPasskeys()
  })
  on($('#github'), 'click', () => visit('/auth/link-social', 'github', '/account'))
  on($('#end-all'), 'click', async () => {
    await ask('POST', '/api/v1/devices/end-all', {})
    await showDevices()
  })
  on($('#export'), 'click', async () => {
    const found = await ask('GET', '/api/v1/profile/export')
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([JSON.stringify(found, null, 2)], { type: 'application/json' }))
    link.download = 'orrery-personal-data.json'
    link.click()
    URL.revokeObjectURL(link.href)
  })
  on($('#delete'), 'submit', async ({ elements }) => {
    await ask('POST', '/api/v1/profile/delete', { confirm: elements.confirm.value.trim() })
    location.assign('/login')
  })
  on($('#sign-out'), 'click', async () => {
    await ask('POST', '/auth/sign-out', {})
    location.assign('/login')
  })
  $('#zones').replaceChildren(...Intl.supportedValuesOf('timeZone').map((value) => Object.assign(document.createElement('option'), { value })))
  await showAll()
}

async function showProfile() {
  const profile = await ask('GET', '/api/v1/profile')
  $('#lead').textContent = profile.email
  for (const field of FIELDS) $('#profile').elements[field].value = profile[field] ?? ''
}

async function showPasskeys() {
  const passkeys = await ask('GET', '/auth/passkey/list-user-passkeys')
  const remove = (id) => async () => {
    await ask('POST', '/auth/passkey/delete-passkey', { id })
    await showPasskeys()
  }
  const rows = passkeys.map(({ id, name, createdAt }) => row(name ?? 'Passkey', 'added ' + when(createdAt), { label: 'Remove', act: remove(id) }))
  fill('#passkeys', rows, 'None yet. With a passkey you log in without a mail, by your finger, face or PIN.')
}

async function showAccounts() {
  if ($('#accounts') === null) return
  const accounts = (await ask('GET', '/auth/list-accounts')).filter(({ providerId }) => providerId === 'github')
  const remove = (accountId) => async () => {
    await ask('POST', '/auth/unlink-account', { providerId: 'github', accountId })
    await showAccounts()
  }
  const rows = accounts.map(({ accountId, createdAt }) => row('GitHub', 'connected ' + when(createdAt), { label: 'Disconnect', act: remove(accountId) }))
  fill('#accounts', rows, 'None.')
  $('#github').hidden = accounts.length > 0
}

async function showDevices() {
  const { items } = await ask('GET', '/api/v1/devices')
  const end = (id) => async () => {
    await ask('DELETE', '/api/v1/devices/' + id)
    await showDevices()
  }
  const rows = items.map((device) => {
    const note = [device.address, 'last used ' + when(device.lastUsedAt), device.current ? 'this one' : ''].filter(Boolean).join(' · ')
    return row(device.userAgent, note, ...(device.current ? [] : [{ label: 'Sign out', act: end(device.id) }]))
  })
  fill('#devices', rows, 'None.')
}

async function showPrograms() {
  const { items } = await ask('GET', '/api/v1/consents')
  const withdraw = (id) => async () => {
    await ask('DELETE', '/api/v1/consents/' + id)
    await showPrograms()
  }
  const rows = items.map(({ id, client, createdAt }) => {
    const note = [client.host, 'allowed ' + when(createdAt)].filter(Boolean).join(' · ')
    return row(client.name, note, { label: 'Withdraw', act: withdraw(id) })
  })
  fill('#programs', rows, 'None. A program that connects over MCP asks you first.')
}

async function showOrgs() {
  const { items } = await ask('GET', '/api/v1/profile/orgs')
  const act = (orgId) => async () => {
    await ask('POST', '/api/v1/profile/orgs/' + orgId + '/switch', {})
    await showOrgs()
  }
  const rows = items.map(({ orgId, name, role, current }) =>
    row(name, current ? role + ' · you act here' : role, ...(current ? [] : [{ label: 'Switch', act: act(orgId) }])),
  )
  fill('#orgs', rows, 'You are a member of no organization. Ask for an invitation.')
}

pages.device = async () => {
  const words = {
    invalid_request: 'No terminal shows this code: it is not the right one, or it was used. Run orrery login again.',
    expired_token: 'This code is older than 10 minutes. Run orrery login again.',
    access_denied: 'Another person has opened this code. Run orrery login again.',
  }
  const askOf = async (method, path, body, isProved = false) => {
    const answer = await fetch('/auth/device' + path, { method, headers: { 'content-type': 'application/json' }, body })
    const read = await answer.json().catch(() => null)
    if (answer.ok) return read
    if (answer.status === 401) return location.assign('/login?next=' + encodeURIComponent('/device?user_code=' + encodeURIComponent(code)))
    if (read?.code === 'proof_required' && !isProved) {
      await usePasskey()
      return askOf(method, path, body, true)
    }
    if (answer.status === 429) throw new Error('Too many tries. Wait ten minutes, then try again.')
    throw new Error(words[read?.error] ?? read?.detail ?? 'The server answered ' + answer.status + '.')
  }
  let code = ''
  const look = async (given) => {
    code = given.toUpperCase().replace(/[^A-Z]/g, '')
    const found = await askOf('GET', '?user_code=' + encodeURIComponent(code))
    if (found === undefined) return
    if (found.status !== 'pending') throw new Error(words.invalid_request)
    if (found.machine === undefined) throw new Error(words.access_denied)
    $('#code').textContent = code.replace(/^.{4}/, '$&-')
    $('#machine').textContent = found.machine
    $('#address').textContent = found.address === null ? '' : ' from ' + found.address
    $('#typed').hidden = true
    $('#asked').hidden = false
  }
  const decide = (path, said) => async () => {
    if ((await askOf('POST', path, JSON.stringify({ userCode: code }))) === undefined) return
    $('#asked').hidden = true
    $('#done').textContent = said
    $('#done').hidden = false
  }
  on($('#typed'), 'submit', ({ elements }) => look(elements.code.value))
  on($('#confirm'), 'click', decide('/approve', 'Confirmed. Your terminal continues by itself; you can close this page.'))
  on($('#deny'), 'click', decide('/deny', 'Denied. The terminal was told so; you can close this page.'))
  const given = search.get('user_code')
  if (given !== null) await look(given).catch((error) => show(error.message))
}

pages.consent = () => {
  on($('#consent'), 'submit', async ({ elements }, { value }) => {
    const decision = { accept: value === 'yes', organization: elements.organization.value, oauth_query: location.search.slice(1) }
    const { url } = await ask('POST', '/auth/oauth2/consent', decision)
    location.assign(url)
  })
}
`
