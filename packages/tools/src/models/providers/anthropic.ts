import type { Provider } from '../provider.ts'

export const anthropic: Provider = {
  name: 'anthropic',
  // List prices of spring 2026.
  prices: {
    'claude-opus-4-7': [5, 25, 0.5],
    'claude-opus-4-6': [5, 25, 0.5],
    'claude-opus-4-5': [5, 25, 0.5],
    'claude-sonnet-4-6': [3, 15, 0.3],
    'claude-sonnet-4-5': [3, 15, 0.3],
    'claude-haiku-4-5': [1, 5, 0.1],
  },
  followsSchemas: true,
  // Most schemas that people write use keywords that the strict mode does not allow.
  requestOptions: { anthropic: { structuredOutputMode: 'jsonTool' } },

  async open({ apiKey, baseUrl }, model, fetch) {
    const { createAnthropic } = await import('@ai-sdk/anthropic')
    return createAnthropic({ apiKey, fetch, baseURL: baseUrl ?? 'https://api.anthropic.com/v1' })(model)
  },
}
