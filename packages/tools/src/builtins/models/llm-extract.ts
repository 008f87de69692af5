import type { Json, JsonObject } from '@orrery/contract'
import type { BuiltIn } from '../../port/tool-port.ts'
import { callModel } from './call-model.ts'
import { MODEL_MS_MAX, type ModelArgs, modelInput, modelOutput, objectSchema } from './model-arguments.ts'
import { extractPrompt } from './model-prompts.ts'

interface Args extends ModelArgs {
  readonly content: Json
  readonly schema: JsonObject
  readonly instructions?: string
}

export const llmExtract: BuiltIn = {
  name: 'llm.extract',
  description: 'Has a language model take data out of a text, as an object that fits a JSON Schema.',
  inputSchema: modelInput(
    {
      content: { description: 'A text, or any JSON.' },
      schema: objectSchema,
      instructions: { type: 'string', maxLength: 10_000, description: 'What to heed besides.' },
    },
    ['content', 'schema'],
  ),
  outputSchema: modelOutput({ object: { type: 'object' } }),
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

  async call(given, context) {
    const args = given as unknown as Args
    const { object, model, usage } = await callModel(
      args,
      { ...extractPrompt(args.content, args.instructions), schema: args.schema },
      context,
    )
    return { output: { object, model }, usage }
  },
}
