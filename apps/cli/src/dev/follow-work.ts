import { type Client, createClient, type Event, ProblemError, UnreachableError } from '@orrery/client'
import { formatElapsed } from '../output/format-time.ts'
import { shortenId } from '../output/short-id.ts'
import { shown } from '../shown.ts'
import { findPlace } from './find-place.ts'
import type { Label, Screen } from './screen.ts'

/** What is known of a run from its events. */
interface KnownRun {
  readonly name: string
  readonly startedAt: number | null
}

/** How a run of Orrery's own workflow is called, which interprets pipelines, unless an automation is known that started it. */
const PIPELINE = 'pipeline'

/** The workflow; of a pipeline, the automation or the stored pipeline that it belongs to, if there is one. */
async function nameRun(client: Client, runId: string, workflow = ''): Promise<string> {
  if (workflow !== 'orrery.pipeline') return workflow
  try {
    const { automation, pipeline } = await client.runs.get({ runId })
    return automation ?? pipeline ?? PIPELINE
  } catch (error) {
    // The run is gone, or the server is stopping.
    if (error instanceof ProblemError || error instanceof UnreachableError) return PIPELINE
    throw error
  }
}

/** The oldest ones are forgotten beyond this. */
const RUNS_KNOWN_MAX = 2000

export type Follower = ReturnType<typeof createFollower>

/** Shows runs as they start and end, and automations as they fire. */
export function createFollower(screen: Screen, project: string) {
  const runs = new Map<string, KnownRun>()
  const automations = new Map<string, string>()
  const nameOf = (runId: string): string => runs.get(runId)?.name ?? ''

  const remember = (runId: string, run: KnownRun): void => {
    runs.set(runId, run)
    const [oldest] = runs.keys()
    if (runs.size > RUNS_KNOWN_MAX && oldest !== undefined) runs.delete(oldest)
  }

  async function show(client: Client, event: Event): Promise<void> {
    if (event.type === 'automation.fired') return showFiring(client, event)
    const label = LABELS[event.type]
    if (label === undefined) return
    const runId = event.subject
    const facts = toFacts(event)
    const at = Date.parse(event.at)
    const known = runs.get(runId)
    const run = known ?? { name: await nameRun(client, runId, facts.workflow), startedAt: event.type === 'run.started' ? at : null }
    remember(runId, run)
    const took = run.startedAt === null ? '' : formatElapsed(at - run.startedAt)
    const seen = { name: run.name, runId }
    if (label === 'failed') {
      const { name = 'Error', message = '' } = facts.error ?? {}
      const place = await findPlace(client, runId, project)
      // A failed step is named in the message.
      const what = name === 'StepFailedError' ? message : `${name}: ${message}`
      return screen.sayRun(label, seen, shown`${[took, what, ...(place === null ? [] : [place])].filter((part) => part !== '').join('  ')}`)
    }
    const ended = label === 'ended' ? `${event.type.slice(4).replaceAll('_', ' ')} ${took}` : ''
    screen.sayRun(label, seen, label === 'ok' ? took : label === 'blocked' ? (facts.reason ?? '') : ended)
  }

  async function showFiring(client: Client, { subject, data }: Event): Promise<void> {
    const facts = data as { readonly cause?: string; readonly reason?: string | null; readonly runId?: string | null }
    const name = automations.get(subject) ?? (await client.automations.get({ automation: subject })).name
    automations.set(subject, name)
    if (typeof facts.runId !== 'string') return screen.say('fired', `${name}  ${facts.cause}: ${facts.reason ?? 'no run'}`)
    const known = runs.get(facts.runId)
    // A pipeline runs in a workflow of Orrery's own; the automation is the better name.
    if (known === undefined || known.name === PIPELINE) remember(facts.runId, { name, startedAt: known?.startedAt ?? null })
    screen.say('fired', shown`${name}  ${facts.cause ?? ''} → ${shortenId(facts.runId)}`)
  }

  return { nameOf, show }
}

const LABELS: Readonly<Record<string, Label>> = {
  'run.started': 'started',
  'run.succeeded': 'ok',
  'run.failed': 'failed',
  'run.cancelled': 'ended',
  'run.timed_out': 'ended',
  'run.blocked': 'blocked',
  'run.paused': 'paused',
  'run.resumed': 'resumed',
}

interface Facts {
  readonly workflow?: string
  readonly reason?: string
  readonly error?: { readonly name?: string; readonly message?: string }
}

function toFacts({ data }: Event): Facts {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Facts) : {}
}

/** Shows what happens until `signal` is aborted. */
export async function followWork(
  connection: { readonly url: string; readonly key: string },
  signal: AbortSignal,
  follower: Follower,
  screen: Screen,
): Promise<void> {
  const client = createClient(connection)
  try {
    for await (const event of client.events.stream({ signal })) await follower.show(client, event)
  } catch (error) {
    if (signal.aborted) return
    if (!(error instanceof ProblemError)) throw error
    screen.say('warn', `events cannot be shown: ${error.message}`)
  }
}
