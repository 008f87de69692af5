import { z } from 'zod'
import { duration } from '../duration.ts'
import { runId } from '../ids.ts'
import { problemShape } from '../problems.ts'
import { json, name, priority, sha256, tag, text, timestamp } from '../scalars.ts'
import { runStatus } from './run.ts'

export const dedupeReuse = z
  .enum(['never', 'after_failure'])
  .optional()
  .meta({ description: 'after_failure: the key can be used again once its run has failed, timed out or been cancelled. Default: never.' })

/** The request for one start; also one item of a batch. */
export const startRequest = z.strictObject({
  workflow: name.meta({ description: 'Name of a deployed workflow.' }),
  input: json.default(null).meta({ description: 'The input, which must match the schema of the workflow.' }),
  version: sha256.optional().meta({ description: 'Hash of a bundle. Default: the current version.' }),
  queue: name.optional(),
  priority: priority.optional(),
  tags: z.array(tag).max(20).optional().meta({ description: 'Words for finding the run, at most 20.' }),
  at: timestamp.optional().meta({ description: 'The run starts no earlier than this.' }),
  delay: duration.optional().meta({ description: 'The run starts no earlier than after this delay. Not together with `at`.' }),
  timeout: duration.optional().meta({ description: 'The run times out after this.' }),
  dedupe: z
    .strictObject({ key: text(512), window: duration.default('24h'), reuse: dedupeReuse })
    .optional()
    .meta({ description: 'A second start with the same key within the window returns the first run.' }),
  debounce: z
    .strictObject({ key: text(512), delay: duration, maxDelay: duration.optional() })
    .optional()
    .meta({ description: 'Starts with the same key postpone the pending run and replace its input.' }),
  concurrencyKey: text(512).optional().meta({ description: 'Replaces the key of the workflow’s concurrency limit.' }),
})

export const started = z.object({
  runId,
  outcome: z.enum(['started', 'existing', 'debounced', 'refused']).meta({
    description:
      'started: a new run. existing: an earlier run with the same dedupe key. debounced: a pending run took the new ' +
      'input. refused: recorded as cancelled, because its limit was reached.',
  }),
  status: runStatus.nullable().meta({ description: 'Status of a new run; null for an existing one.' }),
  cancelled: z.array(runId).meta({ description: 'Runs that were asked to stop to make room for this one.' }),
})

export const startOutcome = z.union([started, z.object({ outcome: z.literal('problem'), problem: problemShape })])
