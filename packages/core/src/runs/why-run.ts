import { describeMessage, isReservedWorkflow } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, orProblem, toRunId, toUuid, withOrg } from '@orrery/kernel'
import { z } from 'zod'
import { explainEnd } from './explain-end.ts'
import { toFailure, toWait } from './run.ts'
import {
  type RunRow,
  selectDroppedSignals,
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
  if (why.state === 'paused' || why.state === 'blocked') return { ...found, summary: `${found.summary} ${howToResume(row, why.state)}` }
  if (why.state !== 'waiting') return found
  const awaited = why.waits.flatMap((wait) => (wait.type === 'signal' ? [wait.name] : []))
  const [unread, dropped] = await withOrg(ctx, async (tx) => [
    await selectUnreadSignals(tx, ctx.org, run),
    awaited.length === 0 ? [] : await selectDroppedSignals(tx, ctx.org, run, awaited),
  ])
  const stray = unread.filter(({ name }) => !awaited.includes(name))
  return { ...found, ...withDropped(withStray(found, stray), dropped) }
}

function howToResume({ run_id, workflow }: RunRow, state: 'paused' | 'blocked'): string {
  const command = `To resume it: orrery runs resume ${toRunId(run_id)}`
  // Versions of Orrery's own workflows are not the user's.
  if (state === 'paused' || isReservedWorkflow(workflow)) return `${command}.`
  return `${command}, in another version with --version <hash>, see orrery workflows versions ${workflow}.`
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
function withStray(found: Found, stray: readonly { readonly name: string; readonly count: number }[]): Found {
  if (stray.length === 0) return found
  const { summary, facts } = found
  const names = stray.map(({ name, count }) => (count === 1 ? `"${name}"` : `"${name}" (${count} times)`)).join(', ')
  const unreadSignals = Object.fromEntries(stray.map(({ name, count }) => [name, count]))
  return { summary: `${summary} Nothing waits for a signal that has arrived: ${names}.`, facts: { ...facts, unreadSignals } }
}

/** Signals that the run had waited for, and whose payload its schema refused. */
function withDropped(found: Found, dropped: Awaited<ReturnType<typeof selectDroppedSignals>>): Found {
  if (dropped.length === 0) return found
  const each = dropped.map(({ name, count, issues }) => {
    const why = describeIssue(issues)
    const times = count === 1 ? 'once' : `${count} times`
    return `"${name}" (${times}${why === null ? '' : `, ${count === 1 ? '' : 'the last '}because of ${why}`})`
  })
  return {
    summary: `${found.summary} It dropped signals that did not fit: ${each.join(', ')}.`,
    facts: { ...found.facts, droppedSignals: Object.fromEntries(dropped.map(({ name, count }) => [name, count])) },
  }
}

/** The first issue. The workflow writes them, so they may have any form. */
function describeIssue(issues: unknown): string | null {
  const [issue] = issueList.safeParse(issues).data ?? []
  return issue === undefined
    ? null
    : `${issue.path === '' ? '' : `${issue.path}: `}${describeMessage(issue.message).slice(0, MESSAGE_CHARS_MAX)}`
}

const MESSAGE_CHARS_MAX = 300
const issueList = z.array(z.object({ path: z.string(), message: z.string() }))

async function whyQueued(ctx: Ctx, { queue }: RunRow, { summary, facts }: Found): Promise<Found> {
  const { isPaused, isServed } = await withOrg(ctx, (tx) => selectQueueService(tx, ctx.org, queue))
  const more = { ...facts, queuePaused: isPaused, queueServed: isServed }
  if (isPaused) return { summary: `Queue "${queue}" is paused. To resume it: orrery queues resume ${queue}.`, facts: more }
  return { summary: isServed ? summary : `No live worker serves queue "${queue}".`, facts: more }
}
