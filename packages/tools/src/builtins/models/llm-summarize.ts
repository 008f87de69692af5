import type { BuiltIn } from '../../port/tool-port.ts'
import { callModel } from './call-model.ts'
import { MODEL_MS_MAX, type ModelArgs, modelInput, modelOutput } from './model-arguments.ts'
import { type SummaryWish, summaryPrompt } from './model-prompts.ts'

export const llmSummarize: BuiltIn = {
  name: 'llm.summarize',
  description: 'Has a language model summarize a text or data.',
  inputSchema: modelInput(
    {
      content: { description: 'A text, or any JSON.' },
      focus: { type: 'string', maxLength: 2_000, description: 'What matters, such as: revenue, costs.' },
      style: { enum: ['paragraph', 'bullets', 'headline'], default: 'paragraph' },
      max_words: { type: 'integer', minimum: 5, maximum: 5_000, default: 200 },
      language: { type: 'string', maxLength: 64, description: 'Without one, that of the text.' },
    },
    ['content'],
  ),
  outputSchema: modelOutput({ summary: { type: 'string' } }),
  scopes: ['model:use'],
  costTier: 'high',
  timeoutMs: MODEL_MS_MAX,
  examples: [
    {
      with: { connection: 'claude', content: { revenue: [100, 104], costs: [80, 79] }, focus: 'revenue, costs', max_words: 50 },
      gives: { summary: 'Revenue rose from 100 to 104 while costs fell from 80 to 79.', model: 'claude-haiku-4-5' },
    },
  ],

  async call(given, context) {
    const args = given as unknown as ModelArgs & SummaryWish
    const { text, model, usage } = await callModel(args, summaryPrompt(args), context)
    return { output: { summary: text.trim(), model }, usage }
  },
}
