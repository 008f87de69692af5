import type { JsonObject } from '@orrery/contract'
import type { BuiltIn } from '../../port/tool-port.ts'
import { callModel } from './call-model.ts'
import { MODEL_MS_MAX, type ModelArgs, modelInput, modelOutput } from './model-arguments.ts'
import { type PlanWish, planPrompt } from './model-prompts.ts'

const STEPS_MAX = 50

export const llmPlan: BuiltIn = {
  name: 'llm.plan',
  description: 'Has a language model break a goal into steps.',
  inputSchema: modelInput(
    {
      goal: { type: 'string', minLength: 1, maxLength: 10_000 },
      background: { description: 'What there is to know: a text, or any JSON.' },
      tools: {
        type: 'array',
        maxItems: 200,
        description: 'What the steps may use.',
        items: {
          type: 'object',
          properties: { name: { type: 'string', minLength: 1, maxLength: 128 }, description: { type: 'string', maxLength: 2_000 } },
          required: ['name'],
          additionalProperties: false,
        },
      },
      max_steps: { type: 'integer', minimum: 1, maximum: STEPS_MAX, default: 10 },
    },
    ['goal'],
  ),
  outputSchema: modelOutput({
    steps: { type: 'array', items: stepSchema({ type: ['string', 'null'] }) },
  }),
  scopes: ['model:use'],
  costTier: 'high',
  timeoutMs: MODEL_MS_MAX,
  examples: [
    {
      with: { connection: 'claude', goal: 'Tell the team about the new price list', tools: [{ name: 'email.send' }] },
      gives: {
        steps: [
          { number: 1, title: 'Write the mail', description: 'Say what changes, and from when.', tool: null, after: [] },
          { number: 2, title: 'Send it', description: 'Send the mail to the team.', tool: 'email.send', after: [1] },
        ],
        model: 'claude-haiku-4-5',
      },
    },
  ],

  async call(given, context) {
    const args = given as unknown as ModelArgs & PlanWish
    const { object, model, usage } = await callModel(args, { ...planPrompt(args), schema: planSchema(args) }, context)
    return { output: { steps: object?.steps ?? [], model }, usage }
  },
}

/** Names of tools are written into the schema, so that none is made up. */
function planSchema({ tools = [], max_steps = 10 }: PlanWish): JsonObject {
  const tool = tools.length === 0 ? { type: 'null' } : { enum: [...tools.map(({ name }) => name), null] }
  const steps = { type: 'array', items: stepSchema(tool), minItems: 1, maxItems: max_steps }
  return { type: 'object', properties: { steps }, required: ['steps'], additionalProperties: false }
}

function stepSchema(tool: { type: string | string[] } | { enum: (string | null)[] }) {
  return {
    type: 'object',
    properties: {
      number: { type: 'integer', minimum: 1 },
      title: { type: 'string' },
      description: { type: 'string' },
      tool,
      after: { type: 'array', items: { type: 'integer', minimum: 1 } },
    },
    required: ['number', 'title', 'description', 'tool', 'after'],
    additionalProperties: false,
  }
}
