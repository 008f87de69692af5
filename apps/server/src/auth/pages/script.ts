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

async function ask(method, path, body) {
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
  const options = await ask('GET', '/auth/passkey/generate-authenticate-options')
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

function take() {
  const token = location.hash.slice(1)
  // A secret does not stay in the history of the browser.
  history.replaceState(null, '', location.pathname + location.search)
  return token
}

pages.login = () => {
  const reason = search.get('error')
  if (reason !== null) show('This link was used, or is older than 10 minutes. Send another.')
  on($('#passkey'), 'click', async () => {
    await usePasskey()
    goOn()
  })
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

pages.consent = () => {
  on($('#consent'), 'submit', async ({ elements }, { value }) => {
    const decision = { accept: value === 'yes', organization: elements.organization.value, oauth_query: location.search.slice(1) }
    const { url } = await ask('POST', '/auth/oauth2/consent', decision)
    location.assign(url)
  })
}
`
