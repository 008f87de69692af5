/** A client whose token does not name the contract asks for Ordinaut's with this media type. */
const MEDIA_TYPE = 'application/vnd.ordinaut+json'

/**
 * True if a request at a path that Orrery and Ordinaut share is meant for Ordinaut's contract: its token was issued by `/auth/token`,
 * or `Accept` names the media type (docs/decisions/0017). This grants no rights; the token is verified when the request is served.
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
