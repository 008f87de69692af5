import { json } from '@orrery/contract'
import { z } from 'zod'
import { callModel } from '../../models/call-model.ts'
import { defineBuiltIn, letters } from '../../port/define-built-in.ts'
import { jsonObject, MODEL_MS_MAX, modelArgs, modelOutput, objectSchema } from './llm-shapes.ts'
import { extractPrompt } from './prompts.ts'

export const llmExtract = defineBuiltIn({
  name: 'llm.extract',
  description: 'Has a language model extract data from a text, as an object that matches a JSON Schema.',
  args: z.strictObject({
    content: json.meta({ description: 'A text, or any JSON.' }),
    schema: objectSchema,
    instructions: letters(10_000).optional().meta({ description: 'Additional instructions.' }),
    ...modelArgs,
  }),
  output: z.strictObject({ object: jsonObject, ...modelOutput }),
  scopes: ['model:use'],
  costTier: 'high',
  timeoutMs: MODEL_MS_MAX,
  examples: [
    {
      with: {
        connection: 'claude',
        content: 'Please send 3 boxes of nails to Ada by Friday.',
        schema: {
          type: 'object',
          properties: { item: { type: 'string' }, count: { type: 'integer' }, due: { type: ['string', 'null'] } },
          required: ['item', 'count', 'due'],
          additionalProperties: false,
        },
      },
      gives: { object: { item: 'box of nails', count: 3, due: 'Friday' }, model: 'claude-haiku-4-5' },
    },
  ],

  async call({ content, schema, instructions, ...choice }, context) {
    const { object, model, usage } = await callModel(choice, { ...extractPrompt(content, instructions), schema }, context)
    // With a schema, the answer is an object or a failure.
    return { output: { object: object ?? {}, model }, usage }
  },
})
