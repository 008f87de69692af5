import { z } from 'zod'
import { duration } from '../duration.ts'
import { runId } from '../ids.ts'
import { problemShape } from '../problems.ts'
import { json, name, priority, sha256, tag, text, timestamp } from '../scalars.ts'
import { runStatus } from './run.ts'

/** What one start asks for; also one item of a batch. */
export const startRequest = z.strictObject({
  workflow: name.meta({ description: 'Name of a deployed workflow.' }),
  input: json.default(null).meta({ description: 'The input, as the workflow’s schema wants it.' }),
  version: sha256.optional().meta({ description: 'Hash of a bundle; absent: the default one.' }),
  queue: name.optional(),
  priority: priority.optional(),
  tags: z.array(tag).max(20).optional().meta({ description: 'Free words to find it by, at most 20.' }),
  at: timestamp.optional().meta({ description: 'Not before this time.' }),
  delay: duration.optional().meta({ description: 'Not before this much time has passed. Not together with `at`.' }),
  timeout: duration.optional().meta({ description: 'The run is timed out after this.' }),
  dedupe: z
    .strictObject({ key: text(512), window: duration.default('24h') })
    .optional()
    .meta({ description: 'A second start with the same key within the window answers with the first run.' }),
  debounce: z
    .strictObject({ key: text(512), delay: duration, maxDelay: duration.optional() })
    .optional()
    .meta({ description: 'Starts with the same key put off one pending run and replace its input.' }),
  concurrencyKey: text(512).optional().meta({ description: 'Overrides the key of the workflow’s concurrency limit.' }),
})

export const started = z.object({
  runId,
  outcome: z.enum(['started', 'existing', 'debounced', 'refused']).meta({
    description:
      'started: a new run; existing: a dedupe key named this one; debounced: a pending run took the new ' +
      'input; refused: recorded as cancelled, because its limit was full.',
  }),
  status: runStatus.nullable().meta({ description: 'Where a new run stands; null for an existing one.' }),
  cancelled: z.array(runId).meta({ description: 'Runs that were asked to stop to make room.' }),
})

export const startOutcome = z.union([started, z.object({ outcome: z.literal('problem'), problem: problemShape })])
