/**
 * Replaces a language model: it reads the data in the prompt, does plain arithmetic on it, and names itself in its answer.
 * It implements the part of OpenAI's chat completions API that answers without streaming need.
 */
import { composeAnalysis, composeSummary, judgeEmail } from './compose.ts'

export interface ChatRequest {
  readonly messages?: readonly { readonly role: string; readonly content: string | readonly { readonly text?: string }[] }[]
}

/** The kinds of question, recognized by the tags around the data in the prompt. */
const QUESTIONS = {
  analysis: { tag: 'data', answer: composeAnalysis },
  summary: { tag: 'analysis', answer: composeSummary },
  email: { tag: 'email', answer: judgeEmail },
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
  for (const [question, { tag, answer }] of Object.entries(QUESTIONS) as [Question, (typeof QUESTIONS)[Question]][]) {
    const data = new RegExp(`^<${tag}>\n([\\s\\S]*?)\n</${tag}>$`, 'm').exec(prompt)?.[1]
    if (data === undefined) continue
    try {
      return { question, status: 200, body: completion(JSON.stringify(answer(JSON.parse(data), prompt)), prompt) }
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError)
        return refuse(question, `the <${tag}> cannot be read: ${error.message}`)
      throw error
    }
  }
  return refuse('other', 'this is the stand-in model of an example: it reads only <data>, <analysis> and <email>')
}

function refuse(question: ChatAnswer['question'], message: string): ChatAnswer {
  return { question, status: 400, body: { error: { message, type: 'invalid_request_error', param: 'messages', code: null } } }
}

function completion(content: string, prompt: string): object {
  // Approximately the count of a real tokenizer.
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
