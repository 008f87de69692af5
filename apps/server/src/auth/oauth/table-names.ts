/** Our names of the tables and columns of OAuth (packages/core/migrations/0021-oauth.sql). */
const client = { clientId: 'client_id' }
const stamps = { createdAt: 'created_at', updatedAt: 'updated_at' }
/** What an authorization is about: the login in which a person gave it, and for which organization. */
const given = { userId: 'person_id', referenceId: 'in_org', requestedUserInfoClaims: 'requested_claims' }
const issued = {
  ...client,
  ...given,
  sessionId: 'login_id',
  authorizationCodeId: 'grant_id',
  expiresAt: 'expires_at',
  createdAt: 'created_at',
}

export const OAUTH_TABLES = {
  oauthClient: {
    modelName: 'oauth_client',
    fields: {
      ...client,
      ...stamps,
      userId: 'person_id',
      referenceId: 'reference_id',
      clientSecret: 'client_secret',
      clientDiscoveryId: 'discovered_by',
      skipConsent: 'skip_consent',
      enableEndSession: 'enable_end_session',
      subjectType: 'subject_type',
      clientCredentialsScopes: 'client_credentials_scopes',
      softwareId: 'software_id',
      softwareVersion: 'software_version',
      softwareStatement: 'software_statement',
      redirectUris: 'redirect_uris',
      postLogoutRedirectUris: 'post_logout_redirect_uris',
      backchannelLogoutUri: 'backchannel_logout_uri',
      backchannelLogoutSessionRequired: 'backchannel_logout_session_required',
      tokenEndpointAuthMethod: 'token_endpoint_auth_method',
      applicationType: 'application_type',
      jwksUri: 'jwks_uri',
      grantTypes: 'grant_types',
      responseTypes: 'response_types',
      requirePKCE: 'require_pkce',
      dpopBoundAccessTokens: 'dpop_bound_access_tokens',
    },
  },
  oauthResource: {
    modelName: 'oauth_resource',
    fields: {
      ...stamps,
      accessTokenTtl: 'access_token_ttl',
      refreshTokenTtl: 'refresh_token_ttl',
      signingAlgorithm: 'signing_algorithm',
      signingKeyId: 'signing_key_id',
      allowedScopes: 'allowed_scopes',
      customClaims: 'custom_claims',
      dpopBoundAccessTokensRequired: 'dpop_bound_access_tokens_required',
      policyVersion: 'policy_version',
    },
  },
  oauthClientResource: {
    modelName: 'oauth_client_resource',
    fields: { ...client, resourceId: 'resource_id', createdAt: 'created_at' },
  },
  oauthRefreshToken: {
    modelName: 'oauth_refresh_token',
    fields: {
      ...issued,
      rotatedAt: 'rotated_at',
      rotationReplayResponse: 'rotation_replay_response',
      rotationReplayExpiresAt: 'rotation_replay_expires_at',
      authTime: 'auth_time',
    },
  },
  oauthAccessToken: { modelName: 'oauth_access_token', fields: { ...issued, refreshId: 'refresh_id' } },
  oauthConsent: { modelName: 'oauth_consent', fields: { ...client, ...given, ...stamps } },
  oauthClientAssertion: { modelName: 'oauth_client_assertion', fields: { expiresAt: 'expires_at' } },
} as const
