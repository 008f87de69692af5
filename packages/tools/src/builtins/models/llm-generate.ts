import type { JsonObject } from '@orrery/contract'
import type { BuiltIn } from '../../port/tool-port.ts'
import { callModel } from './call-model.ts'
import { MODEL_MS_MAX, type ModelArgs, modelInput, modelOutput, objectSchema, TEXT_LETTERS_MAX } from './model-arguments.ts'

interface Args extends ModelArgs {
  readonly prompt: string
  readonly system?: string
  readonly schema?: JsonObject
}

export const llmGenerate: BuiltIn = {
  name: 'llm.generate',
  description: 'Asks a language model and gives its answer, as text or as an object that fits a JSON Schema.',
  inputSchema: modelInput(
    {
      prompt: { type: 'string', minLength: 1, maxLength: TEXT_LETTERS_MAX },
      system: { type: 'string', maxLength: 100_000, description: 'What the model is and how it is to answer.' },
      schema: objectSchema,
    },
    ['prompt'],
  ),
  outputSchema: modelOutput({
    text: { type: 'string', description: 'With a schema, the object as JSON.' },
    object: { type: ['object', 'null'], description: 'Null without a schema.' },
    finish_reason: { type: 'string', description: 'stop, or why the answer ended early: length, content-filter, other.' },
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

  async call(given, context) {
    const args = given as unknown as Args
    const { text, object, finishReason, model, usage } = await callModel(args, args, context)
    return { output: { text, object, finish_reason: finishReason, model }, usage }
  },
}
