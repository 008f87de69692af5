const REQUEST_MS_MAX = 10_000

/** Ends a login on its server. False: the server did not answer, so the login ends by itself. */
export async function endLogin(url: string, secret: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${url}/auth/sign-out`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: '{}',
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS_MAX)]),
    })
    await response.text()
    return response.ok
  } catch {
    // The caller says what becomes of the login.
    signal.throwIfAborted()
    return false
  }
}
