import { json } from '@orrery/contract'
import { z } from 'zod'
import { callModel } from '../../models/call-model.ts'
import { defineBuiltIn, letters } from '../../port/define-built-in.ts'
import { MODEL_MS_MAX, modelArgs, modelOutput } from './llm-shapes.ts'
import { summaryPrompt } from './prompts.ts'

export const llmSummarize = defineBuiltIn({
  name: 'llm.summarize',
  description: 'Has a language model summarize a text or data.',
  args: z.strictObject({
    content: json.meta({ description: 'A text, or any JSON.' }),
    focus: letters(2_000).optional().meta({ description: 'What matters, such as: revenue, costs.' }),
    style: z.enum(['paragraph', 'bullets', 'headline']).default('paragraph'),
    max_words: z.int().min(5).max(5_000).default(200),
    language: letters(64).optional().meta({ description: 'Default: the language of the text.' }),
    ...modelArgs,
  }),
  output: z.strictObject({ summary: z.string(), ...modelOutput }),
  scopes: ['model:use'],
  costTier: 'high',
  timeoutMs: MODEL_MS_MAX,
  examples: [
    {
      with: { connection: 'claude', content: { revenue: [100, 104], costs: [80, 79] }, focus: 'revenue, costs', max_words: 50 },
      gives: { summary: 'Revenue rose from 100 to 104 while costs fell from 80 to 79.', model: 'claude-haiku-4-5' },
    },
  ],

  async call(args, context) {
    const { text, model, usage } = await callModel(args, summaryPrompt(args), context)
    return { output: { summary: text.trim(), model }, usage }
  },
})
