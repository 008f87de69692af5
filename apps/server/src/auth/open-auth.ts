import type { Auth, AuthOptions } from './create-auth.ts'
import { findProviderFault, type ProviderSettings } from './providers.ts'

/** When the OpenID provider did not answer, this long passes before it is asked again. */
const RETRY_MS = 30_000

export interface OpenAuthOptions {
  /** Called once the server listens. */
  readonly options: () => AuthOptions
  readonly warn: (fault: string) => void
}

/**
 * Opens the login library at its first use: loading it takes half a second and 90 MB, which a server without people saves. It asks the OpenID
 * provider for its addresses; while that does not answer, people log in by the other ways.
 */
export function openAuth({ options, warn }: OpenAuthOptions): () => Promise<Auth> {
  let opened: Promise<Auth> | null = null
  let retryAt = Number.POSITIVE_INFINITY
  const open = async (): Promise<Auth> => {
    const [{ createAuth }, given] = [await import('./create-auth.ts'), options()]
    const fault = await findProviderFault(given.providers)
    if (fault === null) return createAuth(given)
    warn(fault)
    retryAt = performance.now() + RETRY_MS
    const without: ProviderSettings = { ...given.providers, oidcIssuer: undefined }
    return createAuth({ ...given, providers: without })
  }
  return () => {
    if (performance.now() >= retryAt) {
      retryAt = Number.POSITIVE_INFINITY
      opened = null
    }
    opened ??= open().catch((error: unknown) => {
      opened = null
      throw error
    })
    return opened
  }
}
