/** Chooses the model of the connection `model`: a real one if the environment has a key for it, otherwise the stand-in. */
import { httpPort } from './ports.ts'

export interface ModelChoice {
  /** Settings of a connection of type `model`; the key in them is a secret. */
  readonly settings: {
    readonly type: 'model'
    readonly provider: 'anthropic' | 'openai' | 'compatible'
    readonly baseUrl?: string
    readonly defaultModel: string
    readonly apiKey: string
  }
  /** The choice and its reason, for the user. */
  readonly description: string
}

export function chooseModel(env: Readonly<Record<string, string | undefined>>): ModelChoice {
  const { ANTHROPIC_API_KEY, OPENAI_API_KEY } = env
  if (ANTHROPIC_API_KEY) return choose('anthropic', env.MODEL ?? 'claude-haiku-4-5', ANTHROPIC_API_KEY, 'ANTHROPIC_API_KEY')
  if (OPENAI_API_KEY) return choose('openai', env.MODEL ?? 'gpt-5-mini', OPENAI_API_KEY, 'OPENAI_API_KEY')
  const baseUrl = `http://127.0.0.1:${httpPort}/v1`
  return {
    settings: { type: 'model', provider: 'compatible', baseUrl, defaultModel: 'stand-in', apiKey: 'not-a-secret' },
    description: 'the stand-in model of this example, because neither ANTHROPIC_API_KEY nor OPENAI_API_KEY is set',
  }
}

function choose(provider: 'anthropic' | 'openai', defaultModel: string, apiKey: string, name: string): ModelChoice {
  return {
    settings: { type: 'model', provider, defaultModel, apiKey },
    description: `${defaultModel} of ${provider}, because ${name} is set`,
  }
}
