import { z } from 'zod'
import { callModel } from '../../models/call-model.ts'
import { defineBuiltIn, letters } from '../../port/define-built-in.ts'
import { jsonObject, MODEL_MS_MAX, modelArgs, modelOutput, objectSchema, TEXT_LETTERS_MAX } from './llm-shapes.ts'

export const llmGenerate = defineBuiltIn({
  name: 'llm.generate',
  description: 'Calls a language model and returns its answer, as text or as an object that matches a JSON Schema.',
  args: z.strictObject({
    prompt: letters(TEXT_LETTERS_MAX, 1),
    system: letters(100_000).optional().meta({ description: 'The role of the model and how it should answer.' }),
    schema: objectSchema.optional(),
    ...modelArgs,
  }),
  output: z.strictObject({
    text: z.string().meta({ description: 'With a schema, the object as JSON.' }),
    object: jsonObject.nullable().meta({ description: 'Null without a schema.' }),
    finish_reason: z.string().meta({ description: 'stop, or why the answer ended early: length, content-filter, other.' }),
    ...modelOutput,
  }),
  scopes: ['model:use'],
  costTier: 'high',
  timeoutMs: MODEL_MS_MAX,
  examples: [
    {
      with: {
        connection: 'claude',
        model: 'claude-haiku-4-5',
        system: 'You write for a newspaper.',
        prompt: 'A headline for: revenue rose by 4 %.',
      },
      gives: { text: 'Revenue Climbs 4 Percent', object: null, finish_reason: 'stop', model: 'claude-haiku-4-5' },
    },
    {
      with: {
        connection: 'claude',
        prompt: 'Is this mail urgent? "The server room is on fire."',
        schema: { type: 'object', properties: { urgent: { type: 'boolean' } }, required: ['urgent'], additionalProperties: false },
      },
      gives: { text: '{"urgent":true}', object: { urgent: true }, finish_reason: 'stop', model: 'claude-haiku-4-5' },
    },
  ],

  async call({ prompt, system, schema, ...choice }, context) {
    const { text, object, finishReason, model, usage } = await callModel(choice, { prompt, system, schema }, context)
    return { output: { text, object, finish_reason: finishReason, model }, usage }
  },
})
