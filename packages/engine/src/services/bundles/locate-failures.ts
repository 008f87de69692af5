import type { BundleHost } from '../../sandbox/bundle-host.ts'
import { isPlaced } from '../../sandbox/locate-stack.ts'
import { toFailure } from '../../workflow/errors.ts'
import type { Failure, Reaction } from '../../workflow/protocol.ts'

interface Located {
  readonly host: BundleHost
  readonly map: string | null
}

/**
 * The reactions, with the errors of failed runs within their limits and with places in the author's files. The places are looked up where
 * the bundle runs, because its code and its map may be large texts of strangers.
 */
export async function locateFailures({ host, map }: Located, reactions: readonly Reaction[]): Promise<readonly Reaction[]> {
  if (!reactions.some(({ completion }) => completion?.type === 'failed')) return reactions
  const bounded = reactions.map((reaction) => withFailure(reaction, toFailure))
  const stacks: string[] = []
  const collect = ({ stack, cause, errors = [] }: Failure): void => {
    if (stack !== undefined && isPlaced(stack)) stacks.push(stack)
    for (const inner of [...(cause ? [cause] : []), ...errors]) collect(inner)
  }
  for (const { completion } of bounded) if (completion?.type === 'failed') collect(completion.error)
  const located = map === null || stacks.length === 0 ? [] : await host.locate(stacks, map)
  const places = new Map(stacks.map((stack, index) => [stack, located[index] ?? stack]))
  return bounded.map((reaction) => withFailure(reaction, (error) => place(error, places)))
}

function withFailure(reaction: Reaction, change: (error: Failure) => Failure): Reaction {
  const { completion } = reaction
  return completion?.type === 'failed' ? { ...reaction, completion: { ...completion, error: change(completion.error) } } : reaction
}

/** An error that a step threw has no places of its own in the workflow, so those of its cause follow. */
function place(failure: Failure, places: ReadonlyMap<string, string>): Failure {
  const { stack, errors } = failure
  const cause = failure.cause && place(failure.cause, places)
  const located = stack === undefined ? undefined : (places.get(stack) ?? stack)
  const hasPlaces = located === undefined || cause?.stack === undefined || located.includes('\n    at ')
  return {
    ...failure,
    ...(located === undefined ? {} : { stack: hasPlaces ? located : `${located}\ncaused by ${cause.stack}` }),
    ...(cause === undefined ? {} : { cause }),
    ...(errors === undefined ? {} : { errors: errors.map((each) => place(each, places)) }),
  }
}
