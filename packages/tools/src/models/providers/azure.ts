import { type Provider, requireBaseUrl } from '../provider.ts'

/** The API of OpenAI, with the key in another header: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle */
export const azure: Provider = {
  name: 'azure',
  // Azure uses the names of deployments instead of models, so the price is unknown.
  prices: {},
  followsSchemas: true,
  requestOptions: { openai: { strictJsonSchema: false } },

  async open(settings, deployment, fetch) {
    const { createOpenAI } = await import('@ai-sdk/openai')
    const { apiKey } = settings
    return createOpenAI({ apiKey, fetch: withKeyHeader(apiKey, fetch), baseURL: requireBaseUrl(settings) }).chat(deployment)
  },
}

function withKeyHeader(apiKey: string, fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers)
    headers.delete('authorization')
    headers.set('api-key', apiKey)
    return fetch(input, { ...init, headers })
  }
}
