import { type Provider, requireBaseUrl } from '../provider.ts'

/** Any server that speaks OpenAI's chat completions. Some take a schema and do not keep to it. */
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
