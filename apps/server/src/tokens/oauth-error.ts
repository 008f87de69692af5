/** The errors of a token endpoint (RFC 6749 5.2) that can occur here. */
export type OAuthErrorCode = 'invalid_request' | 'invalid_client' | 'invalid_grant' | 'invalid_scope' | 'unsupported_grant_type'

export class OAuthError extends Error {
  readonly code: OAuthErrorCode

  constructor(code: OAuthErrorCode, description: string) {
    super(description)
    this.code = code
  }
}

export function answerOAuthError({ code, message }: OAuthError): Response {
  // RFC 9110 15.5.2: a 401 must carry a challenge.
  return code === 'invalid_client'
    ? answerJson({ error: code, error_description: message }, 401, { 'WWW-Authenticate': 'Basic realm="orrery", charset="UTF-8"' })
    : answerJson({ error: code, error_description: message }, 400)
}

/** An answer that no cache keeps (RFC 6749 5.1). */
export function answerJson(body: object, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(body, { status, headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache', ...headers } })
}
