/** The media type by which a client asks for Ordinaut's contract if its token does not say so. */
const MEDIA_TYPE = 'application/vnd.ordinaut+json'

/**
 * Whether a request at an address that we share with Ordinaut means theirs: its token was made by `/auth/token`, or it says so in `Accept`
 * (docs/decisions/0017). Nothing is granted by this; the token is verified where the request is served.
 */
export function isOrdinautRequest(request: Request, token: string | null): boolean {
  return (request.headers.get('accept')?.includes(MEDIA_TYPE) ?? false) || contractOf(token) === 'ordinaut'
}

function contractOf(token: string | null): unknown {
  const payload = /^eyJ[\w-]+\.(eyJ[\w-]+)\.[\w-]+$/.exec(token ?? '')?.[1]
  if (payload === undefined) return null
  try {
    return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { contract?: unknown } | null)?.contract
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
