/** Pipelines as they are stored, checked and started. The language itself is in pipeline.ts. */
import { z } from 'zod'
import { json, name, text, timestamp } from '../scalars.ts'
import { timezone } from './schedule.ts'
import { startRequest } from './start.ts'

export const pipelineName = name.meta({ description: 'Name of a pipeline.' })

/** Parsed by core, which reports mistakes by step and path. */
export const rawPipeline = json.meta({
  description:
    'A pipeline: `{"params": {…}, "pipeline": [{"id": …, "uses": <tool>, "with": {…}, "save_as": …}, …], "output": …}`, or only the list of its ' +
    'steps. See docs/guides/pipelines.md.',
})

export const pipelineVersion = z.number().int().min(1).max(2_147_483_647)

export const pipelineProblem = z.object({
  severity: z.enum(['error', 'warning']),
  step: z.string().nullable().meta({ description: 'Id of the step; null for a problem outside all steps.' }),
  path: z.string().meta({ description: 'Path of the problem: `pipeline[3].with.content`.' }),
  message: z.string(),
})

export const pipelineSummary = z.object({
  name: z.string(),
  version: z.number().int().meta({ description: 'The newest version.' }),
  createdAt: timestamp,
  updatedAt: timestamp,
})

export const storedPipeline = z.object({
  name: z.string(),
  version: z.number().int(),
  isNewest: z.boolean(),
  definition: json,
  savedAt: timestamp,
  savedBy: z.string().meta({ description: 'Id of the actor who saved it.' }),
})

export const savedPipeline = z.object({
  name: z.string(),
  version: z.number().int(),
  changed: z.boolean().meta({ description: 'False: this definition was the newest version already.' }),
  warnings: z.array(pipelineProblem),
})

const values = z.record(z.string().max(256), json)

/** Which pipeline: a stored one by its name, or an inline definition. */
const source = {
  pipeline: pipelineName.optional().meta({ description: 'A stored pipeline. Set either this or `definition`.' }),
  version: pipelineVersion.optional().meta({ description: 'Version of the stored pipeline. Default: the newest.' }),
  definition: rawPipeline.optional(),
}

const scene = {
  params: values.optional().meta({ description: 'Params that override those of the definition with the same names.' }),
  event: json.optional().meta({ description: 'An event that steps can read as `event`.' }),
  timezone: timezone.optional().meta({ description: 'Time zone of `date` and `today`: an IANA name such as Europe/Berlin. Default: UTC.' }),
}

const { priority, tags, at, delay, timeout, dedupe, concurrencyKey, queue } = startRequest.shape

export const pipelineRunRequest = z.strictObject({
  ...source,
  ...scene,
  scopes: z.array(text(128)).max(100).optional().meta({ description: 'Scopes granted to the run, for the tools that it calls.' }),
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
  steps: values.optional().meta({ description: 'Assumed results of steps, by `save_as`.' }),
  now: timestamp.optional().meta({ description: 'The time at which the run would start. Default: now.' }),
})

export const pipelineDryRun = z.object({
  ok: z.boolean().meta({ description: 'False: the pipeline could not be saved, or an expression cannot be rendered.' }),
  problems: z.array(pipelineProblem),
  steps: json.meta({ description: 'Each step with its rendered arguments; `⟨…⟩` replaces values that are known only during a run.' }),
  output: json,
})
