import { z } from 'zod'

const METHODS = ['none', 'client_secret_basic', 'client_secret_post'] as const
/** How clients may prove who they are at the token endpoint. */
export const CLIENT_AUTH_METHODS: readonly string[] = METHODS

const text = z.string().max(200)
/** Everything else that a client may say of itself is ignored, above all addresses to which the server would send requests. */
const shape = z.object({
  redirect_uris: z.array(z.string().max(500)).min(1).max(10),
  client_name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a name
    .regex(/^[^\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2066-\u2069]*$/, 'has characters that cannot be seen')
    .optional(),
  client_uri: z.url().max(500).optional(),
  token_endpoint_auth_method: z.enum(METHODS).optional(),
  grant_types: z.array(text).max(10).optional(),
  response_types: z.array(text).max(10).optional(),
  application_type: z.enum(['web', 'native']).optional(),
  software_id: text.optional(),
  software_version: text.optional(),
})

export type ClientMetadata = z.infer<typeof shape>

/** What of a client's metadata (RFC 7591, 2) this server keeps; or what is wrong with it, in words. */
export function readClientMetadata(given: unknown): { readonly kept: ClientMetadata } | { readonly fault: string; readonly field: string } {
  const read = shape.safeParse(given)
  if (!read.success) {
    const [issue] = read.error.issues
    const field = issue?.path.map(String).join('.') ?? ''
    return { fault: `${field}: ${issue?.message ?? 'not valid'}`, field }
  }
  const { application_type: type, ...rest } = read.data
  return { kept: { ...rest, application_type: type ?? (rest.redirect_uris.every(isWeb) ? 'web' : 'native') } }
}

/** Programs on a computer say rarely that they are: they are where they take answers (RFC 8252, 7). */
function isWeb(redirect: string): boolean {
  return URL.parse(redirect)?.protocol === 'https:'
}
