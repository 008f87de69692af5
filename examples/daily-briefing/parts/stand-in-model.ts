/**
 * Takes the place of a language model: it reads the material in the prompt, does plain arithmetic on it, and says in its answer what it is.
 * It speaks the wire format of OpenAI's chat completions, as much of it as an answer in one piece takes.
 */
import { composeAnalysis, composeSummary, judgeEmail } from './compose.ts'

export interface ChatRequest {
  readonly messages?: readonly { readonly role: string; readonly content: string | readonly { readonly text?: string }[] }[]
}

/** What it is asked, seen by the marks around the material. */
const QUESTIONS = {
  analysis: { mark: 'data', answer: composeAnalysis },
  summary: { mark: 'analysis', answer: composeSummary },
  email: { mark: 'email', answer: judgeEmail },
} as const

export type Question = keyof typeof QUESTIONS

export interface ChatAnswer {
  readonly question: Question | 'other'
  readonly status: number
  readonly body: object
}

const NAME = 'orrery-example-stand-in'

export function answerChat({ messages = [] }: ChatRequest): ChatAnswer {
  const prompt = messages
    .map(({ content }) => (typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('\n')))
    .join('\n\n')
  for (const [question, { mark, answer }] of Object.entries(QUESTIONS) as [Question, (typeof QUESTIONS)[Question]][]) {
    const material = new RegExp(`^<${mark}>\n([\\s\\S]*?)\n</${mark}>$`, 'm').exec(prompt)?.[1]
    if (material === undefined) continue
    try {
      return { question, status: 200, body: completion(JSON.stringify(answer(JSON.parse(material), prompt)), prompt) }
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError)
        return refuse(question, `the <${mark}> cannot be read: ${error.message}`)
      throw error
    }
  }
  return refuse('other', 'this is the stand-in model of an example: it reads <data>, <analysis> and <email>, and nothing else')
}

function refuse(question: ChatAnswer['question'], message: string): ChatAnswer {
  return { question, status: 400, body: { error: { message, type: 'invalid_request_error', param: 'messages', code: null } } }
}

function completion(content: string, prompt: string): object {
  // About as many as a real one would count.
  const [prompt_tokens, completion_tokens] = [prompt, content].map((text) => Math.ceil(text.length / 4)) as [number, number]
  return {
    id: `chatcmpl-${crypto.randomUUID()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: NAME,
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop', logprobs: null }],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  }
}
