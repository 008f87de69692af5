import { type JsonObject, json } from '@orrery/contract'
import { z } from 'zod'
import { callModel } from '../../models/call-model.ts'
import { defineBuiltIn, letters, toJsonSchema } from '../../port/define-built-in.ts'
import { MODEL_MS_MAX, modelArgs, modelOutput } from './llm-shapes.ts'
import { type PlanRequest, planPrompt } from './prompts.ts'

const STEPS_MAX = 50

export const llmPlan = defineBuiltIn({
  name: 'llm.plan',
  description: 'Has a language model break a goal into steps.',
  args: z.strictObject({
    goal: letters(10_000, 1),
    background: json.optional().meta({ description: 'Background information: a text, or any JSON.' }),
    tools: z
      .array(z.strictObject({ name: letters(128, 1), description: letters(2_000).optional() }))
      .max(200)
      .optional()
      .meta({ description: 'The tools that the steps may use.' }),
    max_steps: z.int().min(1).max(STEPS_MAX).default(10),
    ...modelArgs,
  }),
  output: z.strictObject({ steps: z.array(stepShape(z.string().nullable())), ...modelOutput }),
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

  async call({ goal, background, tools = [], max_steps, ...choice }, context) {
    const question = { ...planPrompt({ goal, background, tools, max_steps }), schema: planSchema(tools, max_steps) }
    const { object, model, usage } = await callModel(choice, question, context)
    // The object matches the schema in the question.
    return { output: { steps: (object?.steps ?? []) as Step[], model }, usage }
  },
})

type Step = z.output<ReturnType<typeof stepShape>>

/** The schema lists the names of the tools, so that the model cannot invent one. */
function planSchema(tools: PlanRequest['tools'], stepsMax: number): JsonObject {
  const tool = tools.length === 0 ? z.null() : z.literal([...tools.map(({ name }) => name), null])
  return toJsonSchema(z.strictObject({ steps: z.array(stepShape(tool)).min(1).max(stepsMax) }))
}

function stepShape<T extends z.ZodType<string | null>>(tool: T) {
  return z.strictObject({
    number: z.int().min(1),
    title: z.string(),
    description: z.string(),
    tool,
    after: z.array(z.int().min(1)),
  })
}
