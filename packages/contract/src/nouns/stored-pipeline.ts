/** Pipelines as they are stored, checked and started. The language itself is in pipeline.ts. */
import { z } from 'zod'
import { json, name, text, timestamp } from '../scalars.ts'
import { timezone } from './schedule.ts'
import { startRequest } from './start.ts'

export const pipelineName = name.meta({ description: 'Name of a pipeline.' })

/** Read by core, which says by step and path what is wrong with it. */
export const rawPipeline = json.meta({
  description:
    'A pipeline: `{"params": {…}, "pipeline": [{"id": …, "uses": <tool>, "with": {…}, "save_as": …}, …], "output": …}`, or the bare list of its ' +
    'steps. See docs/guides/pipelines.md.',
})

export const pipelineVersion = z.number().int().min(1).max(2_147_483_647)

export const pipelineProblem = z.object({
  severity: z.enum(['error', 'warning']),
  step: z.string().nullable().meta({ description: 'Id of the step; null for what belongs to none.' }),
  path: z.string().meta({ description: '`pipeline[3].with.content`.' }),
  message: z.string(),
})

export const pipelineSummary = z.object({
  name: z.string(),
  version: z.number().int().meta({ description: 'The newest.' }),
  createdAt: timestamp,
  updatedAt: timestamp,
})

export const storedPipeline = z.object({
  name: z.string(),
  version: z.number().int(),
  isNewest: z.boolean(),
  definition: json,
  savedAt: timestamp,
  savedBy: z.string().meta({ description: 'Id of who saved it.' }),
})

export const savedPipeline = z.object({
  name: z.string(),
  version: z.number().int(),
  changed: z.boolean().meta({ description: 'False: this definition was the newest already.' }),
  warnings: z.array(pipelineProblem),
})

const values = z.record(z.string().max(256), json)

/** Which pipeline: a stored one by its name, or one written out. */
const source = {
  pipeline: pipelineName.optional().meta({ description: 'A stored pipeline. Either this or `definition`.' }),
  version: pipelineVersion.optional().meta({ description: 'Of the stored pipeline; absent: the newest.' }),
  definition: rawPipeline.optional(),
}

const scene = {
  params: values.optional().meta({ description: 'In place of those of the definition, name by name.' }),
  event: json.optional().meta({ description: 'Steps read it as `event`.' }),
  timezone: timezone.optional().meta({ description: 'For `date` and `today`: an IANA name such as Europe/Berlin. Absent: UTC.' }),
}

const { priority, tags, at, delay, timeout, dedupe, concurrencyKey, queue } = startRequest.shape

export const pipelineRunRequest = z.strictObject({
  ...source,
  ...scene,
  scopes: z.array(text(128)).max(100).optional().meta({ description: 'Given to the tools that the run calls.' }),
  queue,
  priority,
  tags,
  at,
  delay,
  timeout,
  dedupe,
  concurrencyKey,
})

export const pipelineDryRunRequest = z.strictObject({
  ...source,
  ...scene,
  steps: values.optional().meta({ description: 'What steps are supposed to give, by `save_as`.' }),
  now: timestamp.optional().meta({ description: 'Absent: now.' }),
})

export const pipelineDryRun = z.object({
  ok: z.boolean().meta({ description: 'False: it could not be saved, or something cannot be rendered.' }),
  problems: z.array(pipelineProblem),
  steps: json.meta({ description: 'Each step with what it would be called with; `⟨…⟩` stands for what is known only when it runs.' }),
  output: json,
})
