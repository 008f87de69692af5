import { type BundleHost, SandboxLost } from '../../sandbox/bundle-host.ts'
import { isPlaced } from '../../sandbox/locate-stack.ts'
import { toFailure } from '../../workflow/errors.ts'
import type { Failure, Reaction } from '../../workflow/protocol.ts'

interface Located {
  readonly host: BundleHost
  /** Set to null once it ended the process. */
  map: string | null
}

/** A place in a file may be longer than the one in the bundle. */
const STACK_CHARS_MAX = 16_000

/**
 * The reactions, with the errors of failed runs within their limits and with places in the author's files. The places are looked up where
 * the bundle runs, because its code and its map may be large texts of strangers. Without an answer the runs fail with places in the bundle.
 */
export async function locateFailures(bundle: Located, reactions: readonly Reaction[]): Promise<readonly Reaction[]> {
  if (!reactions.some(({ completion }) => completion?.type === 'failed')) return reactions
  const bounded = reactions.map((reaction) => withFailure(reaction, toFailure))
  const found = new Set<string>()
  const collect = ({ stack, cause, errors = [] }: Failure): void => {
    if (stack !== undefined && isPlaced(stack)) found.add(stack)
    for (const inner of [...(cause ? [cause] : []), ...errors]) collect(inner)
  }
  for (const { completion } of bounded) if (completion?.type === 'failed') collect(completion.error)
  const stacks = [...found]
  const located = await lookUp(bundle, stacks)
  const places = new Map(stacks.map((stack, index) => [stack, located[index] ?? stack]))
  return bounded.map((reaction) => withFailure(reaction, (error) => place(error, places)))
}

async function lookUp(bundle: Located, stacks: readonly string[]): Promise<readonly string[]> {
  const { host, map } = bundle
  if (map === null || stacks.length === 0) return []
  try {
    return await host.locate(stacks, map)
  } catch (error) {
    // The reactions are sound, and whatever else the process had is replayed.
    if (error instanceof SandboxLost && error.isCulprit) bundle.map = null
    return []
  }
}

function withFailure(reaction: Reaction, change: (error: Failure) => Failure): Reaction {
  const { completion } = reaction
  return completion?.type === 'failed' ? { ...reaction, completion: { ...completion, error: change(completion.error) } } : reaction
}

/** An error that a step threw has no places of its own in the workflow, so those of its cause follow. */
function place(failure: Failure, places: ReadonlyMap<string, string>): Failure {
  const { stack, errors } = failure
  const cause = failure.cause && place(failure.cause, places)
  const located = stack === undefined ? undefined : cut(places.get(stack) ?? stack)
  const hasPlaces = located === undefined || cause?.stack === undefined || located.includes('\n    at ')
  return {
    ...failure,
    ...(located === undefined ? {} : { stack: hasPlaces ? located : cut(`${located}\ncaused by ${cause.stack}`) }),
    ...(cause === undefined ? {} : { cause }),
    ...(errors === undefined ? {} : { errors: errors.map((each) => place(each, places)) }),
  }
}

const cut = (stack: string): string => stack.slice(0, STACK_CHARS_MAX).toWellFormed()
