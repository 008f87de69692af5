import { type Provider, requireBaseUrl } from '../provider.ts'

/** Any server with OpenAI's chat completions API. Some of them accept a schema and do not follow it. */
export const compatible: Provider = {
  name: 'compatible',
  prices: {},
  followsSchemas: false,
  requestOptions: {},

  async open(settings, model, fetch) {
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
    const { apiKey } = settings
    const baseURL = requireBaseUrl(settings)
    return createOpenAICompatible({ name: 'compatible', apiKey, fetch, baseURL, supportsStructuredOutputs: true })(model)
  },
}
