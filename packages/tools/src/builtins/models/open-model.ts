import type { ConnectionSettings } from '@orrery/contract'
import type { LanguageModel } from 'ai'

export type ModelSettings = Extract<ConnectionSettings, { type: 'model' }>

/**
 * A model of one of the providers. Its package is loaded when it is first asked for. Addresses are given even where they are the usual ones: the
 * packages would take others from variables of the environment, which is the server's and not the organization's.
 */
export async function openModel(
  { provider, baseUrl, apiKey }: ModelSettings,
  name: string,
  fetch: typeof globalThis.fetch,
): Promise<LanguageModel> {
  switch (provider) {
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      return createAnthropic({ apiKey, fetch, baseURL: baseUrl ?? 'https://api.anthropic.com/v1' })(name)
    }
    case 'openai': {
      const { createOpenAI } = await import('@ai-sdk/openai')
      return createOpenAI({ apiKey, fetch, baseURL: baseUrl ?? 'https://api.openai.com/v1' }).chat(name)
    }
    case 'azure': {
      // OpenAI's own interface, but for the header of the key: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
      const { createOpenAI } = await import('@ai-sdk/openai')
      return createOpenAI({ apiKey, fetch: withKeyHeader(apiKey, fetch), baseURL: needed(baseUrl) }).chat(name)
    }
    case 'compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      return createOpenAICompatible({ name: 'compatible', apiKey, fetch, baseURL: needed(baseUrl), supportsStructuredOutputs: true })(name)
    }
  }
}

function needed(baseUrl: string | undefined): string {
  if (baseUrl === undefined) throw new Error('The shape of connections lets no such model through without an address')
  return baseUrl
}

function withKeyHeader(apiKey: string, fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers)
    headers.delete('authorization')
    headers.set('api-key', apiKey)
    return fetch(input, { ...init, headers })
  }
}
