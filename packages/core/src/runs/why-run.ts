import { type AnswerTo, type Ctx, type InputFor, orProblem, toUuid, withOrg } from '@orrery/kernel'
import { explainEnd } from './explain-end.ts'
import { toFailure, toWait } from './run.ts'
import {
  type RunRow,
  selectDroppedSignal,
  selectLastFailure,
  selectPayloads,
  selectQueueService,
  selectRun,
  selectUnreadSignals,
} from './run-store.ts'

export async function whyRun(ctx: Ctx, input: InputFor<'runs.why'>): Promise<AnswerTo<'runs.why'>> {
  const { runId } = input
  const run = toUuid('run', runId)
  const row = orProblem(await withOrg(ctx, (tx) => selectRun(tx, ctx.org, run)), 'run.not_found', `There is no run ${runId}.`)
  if (row.finished_at !== null) return { runId, state: 'gone', waits: [], ...(await whyEnded(ctx, row)) }
  const why = await ctx.engine.why(ctx.org, run)
  const found = { runId, state: why.state, summary: why.summary, waits: why.waits.map(toWait), facts: { ...why.facts } }
  if (why.state === 'ready') return { ...found, ...(await whyQueued(ctx, row, found)) }
  const unread = await withOrg(ctx, (tx) => selectUnreadSignals(tx, ctx.org, run))
  const stray = unread.filter(({ name }) => !why.waits.some((wait) => wait.type === 'signal' && wait.name === name))
  if (why.state !== 'waiting') return found
  const names = why.waits.flatMap((wait) => (wait.type === 'signal' ? [wait.name] : []))
  const dropped = names.length === 0 ? undefined : await withOrg(ctx, (tx) => selectDroppedSignal(tx, ctx.org, run, names))
  const more = dropped === undefined ? found : { ...found, ...withDropped(found, dropped) }
  return stray.length > 0 ? { ...more, ...withStray(more, stray) } : more
}

async function whyEnded(ctx: Ctx, row: RunRow) {
  return withOrg(ctx, async (tx) => {
    const payloads = await selectPayloads(tx, ctx.org, row.run_id)
    const failed = row.status === 'failed' ? await selectLastFailure(tx, ctx.org, row.run_id) : undefined
    return explainEnd(row, toFailure(payloads?.error), failed, payloads?.input ?? null)
  })
}

type Found = Pick<AnswerTo<'runs.why'>, 'summary' | 'facts'>

/** Signals that arrived while the run waits for something else: perhaps a misspelt name, perhaps only early. */
function withStray({ summary, facts }: Found, stray: readonly { readonly name: string; readonly count: number }[]): Found {
  const names = stray.map(({ name, count }) => (count === 1 ? `"${name}"` : `"${name}" (${count} times)`)).join(', ')
  const unreadSignals = Object.fromEntries(stray.map(({ name, count }) => [name, count]))
  return { summary: `${summary} Nothing waits for a signal that has arrived: ${names}.`, facts: { ...facts, unreadSignals } }
}

function withDropped(
  { summary, facts }: Found,
  { message, at, issues }: NonNullable<Awaited<ReturnType<typeof selectDroppedSignal>>>,
): Found {
  const time = at.toISOString()
  return {
    summary: `${summary} At ${time}, ${message}: ${JSON.stringify(issues)}.`,
    facts: { ...facts, droppedSignal: { at: time, message, issues } },
  }
}

async function whyQueued(ctx: Ctx, { queue }: RunRow, { summary, facts }: Found): Promise<Found> {
  const { isPaused, isServed } = await withOrg(ctx, (tx) => selectQueueService(tx, ctx.org, queue))
  const more = { ...facts, queuePaused: isPaused, queueServed: isServed }
  if (isPaused) return { summary: `Queue "${queue}" is paused. Resume it to continue.`, facts: more }
  return { summary: isServed ? summary : `No live worker serves queue "${queue}".`, facts: more }
}
