/** Arguments that make a database function refer to a run, a limit or a queue of an organization. */
import { randomUUID } from 'node:crypto'
import type { DatabaseFunction } from './catalogue.ts'
import type { Org } from './installation.ts'

const RUN = /run|source/

export function takesRun({ argumentNames, argumentTypes }: DatabaseFunction): boolean {
  return argumentTypes.some((type, at) => type === 'json' || (type.startsWith('uuid') && RUN.test(argumentNames[at] ?? '')))
}

/** Throws for an unknown type, so that a new function is not called with useless arguments. */
export function argumentFor(name: string, type: string, org: Org, run: string): unknown {
  const id = /org/.test(name) ? org.uuid : RUN.test(name) ? run : randomUUID()
  switch (type) {
    case 'uuid':
      return id
    case 'uuid[]':
      return [id]
    case 'json':
      return name === 'p'
        ? JSON.stringify(startOf(org, run))
        : name === 'p_edits'
          ? '{}'
          : '{"name":"Cancelled","message":"by another","kind":"cancelled"}'
    case 'text':
      return /bundle/.test(name)
        ? org.version
        : /queue/.test(name)
          ? org.queue
          : name === 'parent'
            ? 'run'
            : /key/.test(name)
              ? org.word
              : org.limit
    case 'text[]':
      return [org.queue, 'default']
    case 'oid':
      // The id of pg_class.
      return 1259
    case 'smallint':
    case 'integer':
      return 3
    case 'double precision':
      return Date.now()
    case 'timestamp with time zone':
      return new Date(Date.now() + 10 * 365 * 86_400_000).toISOString()
    case 'boolean':
      return true
    default:
      throw new Error(`No argument is known for ${name} of type ${type}`)
  }
}

/** An AdmittedStart that uses every key and limit of the organization. */
function startOf(org: Org, run: string) {
  return {
    org: org.uuid,
    run,
    workflow: 'talk',
    bundle: org.version,
    queue: org.queue,
    priority: 1,
    tags: [],
    createdAt: Date.now(),
    seed: 'seed',
    keys: run,
    clockAt: Date.now(),
    dedupe: { key: org.word, windowMs: 60_000 },
    debounce: { key: org.word, delayMs: 1000 },
    rate: { limit: org.limit, max: 1, periodMs: 1000 },
    concurrency: [{ limit: org.limit, max: 1, onFull: 1 }],
  }
}
