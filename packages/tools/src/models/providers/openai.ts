import type { Provider } from '../provider.ts'

export const openai: Provider = {
  name: 'openai',
  // List prices of spring 2026. OpenAI caches input by default.
  prices: {
    'gpt-5.4': [2.5, 15, 0.25],
    'gpt-5.1': [1.25, 10, 0.125],
    'gpt-5': [1.25, 10, 0.125],
    'gpt-5-mini': [0.25, 2, 0.025],
    'gpt-5-nano': [0.05, 0.4, 0.005],
    'gpt-4.1': [2, 8, 0.5],
    'gpt-4.1-mini': [0.4, 1.6, 0.1],
    'gpt-4.1-nano': [0.1, 0.4, 0.025],
    'gpt-4o': [2.5, 10, 1.25],
    'gpt-4o-mini': [0.15, 0.6, 0.075],
    o3: [2, 8, 0.5],
    'o4-mini': [1.1, 4.4, 0.275],
  },
  followsSchemas: true,
  // Most schemas that people write use keywords that the strict mode does not allow.
  requestOptions: { openai: { strictJsonSchema: false } },

  async open({ apiKey, baseUrl }, model, fetch) {
    const { createOpenAI } = await import('@ai-sdk/openai')
    return createOpenAI({ apiKey, fetch, baseURL: baseUrl ?? 'https://api.openai.com/v1' }).chat(model)
  },
}
