/**
 * Operations on runs over a real database and engine: start, list, logs, signals, pause, cancel, retry and fork. Goal: each answers with
 * the state of the run or the problem that applies, and never for another organization.
 */
import { createHash } from 'node:crypto'
import { decodeId } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { sql } from '../../../kernel/src/database/sql.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore()
  await t.deploy()
})
afterAll(() => t?.close())

const start = async (workflow: string, input: unknown) => (await t.call('runs.start', { workflow, input: input as null })).runId
const finish = (runId: string) => t.call('runs.result', { runId, timeout: '20s' })
const reach = (runId: string, status: string) =>
  eventually(
    () => t.call('runs.get', { runId }),
    (run) => run.status === status,
  )
const unknown = 'run_01jb2m4k6q8r0s2t4v6w8x0y2z'

describe('runs.start', () => {
  it('starts a run whose end is shown by runs.result, runs.get, runs.list, runs.history and runs.logs', async () => {
    const answer = await t.answer('runs.start', { workflow: 'greeting', input: { name: 'Ada' }, tags: ['vip'] })
    expect(answer).toMatchObject({ status: 201, replayed: false, output: { outcome: 'started', cancelled: [] } })
    const { runId } = answer.output as { runId: string }
    expect(await finish(runId)).toMatchObject({ done: true, status: 'succeeded', output: { text: 'Hello Ada' }, error: null })

    const run = await t.call('runs.get', { runId })
    expect(run).toMatchObject({
      id: runId,
      workflow: 'greeting',
      status: 'succeeded',
      input: { name: 'Ada' },
      output: { text: 'Hello Ada' },
      tags: ['vip'],
    })
    const listed = await t.call('runs.list', { tag: 'vip', workflow: 'greeting', status: 'succeeded', since: run.createdAt })
    expect(listed.items.map(({ id }) => id)).toEqual([runId])

    const history = await t.call('runs.history', { runId })
    expect(history.items).toMatchObject([
      { seq: 1, kind: 'step', cmd: 1, name: 'greet', input: { name: 'Ada' }, output: 'Hello Ada', error: null },
    ])
    const logs = await eventually(
      () => t.call('runs.logs', { runId }),
      ({ items }) => items.length > 0,
    )
    expect(logs.items).toMatchObject([{ level: 'info', message: 'Greeting', data: { name: 'Ada' } }])
  })

  it('rejects unknown workflows and versions, and invalid times', async () => {
    await expect(start('nothing', {})).rejects.toMatchObject({ code: 'workflow.not_found' })
    const version = 'a'.repeat(64)
    await expect(t.call('runs.start', { workflow: 'greeting', version })).rejects.toMatchObject({ code: 'workflow.version_not_found' })
    await expect(t.call('runs.start', { workflow: 'greeting', at: '2030-01-01T00:00:00Z', delay: '1h' })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await expect(t.call('runs.start', { workflow: 'greeting', delay: '99999999w' })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('rejects input that the workflow does not accept, naming the field', async () => {
    await expect(start('greeting', { name: 7 })).rejects.toMatchObject({
      code: 'invalid_input',
      extra: { errors: [{ path: 'input.name' }] },
    })
  })

  it('answers a second start with the same dedupe key with the first run', async () => {
    const dedupe = { key: 'order-7', window: '1h' }
    const first = await t.call('runs.start', { workflow: 'approval', dedupe })
    const second = await t.call('runs.start', { workflow: 'approval', dedupe })
    expect(second).toMatchObject({ runId: first.runId, outcome: 'existing', status: null })
  })

  it('starts another run for a dedupe key whose run did not succeed, if the start says so', async () => {
    const begin = (reuse: 'never' | 'after_failure') =>
      t.call('runs.start', { workflow: 'approval', dedupe: { key: 'order-9', window: '1h', reuse } })
    const first = await begin('after_failure')
    await t.call('runs.cancel', { runId: first.runId, terminate: true })
    await finish(first.runId)
    expect(await begin('never')).toMatchObject({ runId: first.runId, outcome: 'existing' })
    expect(await begin('after_failure')).toMatchObject({ outcome: 'started', runId: expect.not.stringContaining(first.runId) })
  })

  it('does not extend the window of a dedupe key when a start is answered with the first run', async () => {
    const begin = () => t.call('runs.start', { workflow: 'approval', dedupe: { key: 'order-8', window: '1h' } })
    const window = async (shift = '0') =>
      (await t.query(`update engine.key set expires_at = expires_at - $1::interval where key = 'order-8' returning expires_at`, [shift]))[0]
    const first = await begin()
    const nearItsEnd = await window('59 minutes')
    expect(await begin()).toMatchObject({ runId: first.runId, outcome: 'existing' })
    expect(await window()).toEqual(nearItsEnd)
    await window('1 hour')
    const second = await begin()
    expect(second.outcome).toBe('started')
    expect(second.runId).not.toBe(first.runId)
    expect(await begin()).toMatchObject({ runId: second.runId, outcome: 'existing' })
  })

  it('keeps payloads over 64 KB complete', async () => {
    const name = 'x'.repeat(200_000)
    const runId = await start('greeting', { name })
    expect((await finish(runId)).output).toEqual({ text: `Hello ${name}` })
    const history = await t.call('runs.history', { runId })
    expect(history.items[0]?.output).toBe(`Hello ${name}`)
    expect((await t.call('runs.get', { runId })).input).toEqual({ name })
  })

  it('shows data of a log line that was cut, also where the store keeps it apart', async () => {
    const runId = await start('greeting', { name: '"'.repeat(100_000) })
    await finish(runId)
    const { items } = await t.call('runs.logs', { runId })
    expect(items[0]?.data).toMatch(/^\{"name":"(?:\\")+\\?… \(\d+ more characters\)$/)
  })

  it('shows a failed attempt and when the next may begin', async () => {
    const runId = await start('stumbling', null)
    await finish(runId)
    const { items } = await t.call('runs.history', { runId })
    expect(items).toMatchObject([
      { kind: 'attempt', attempt: 1, error: { message: 'Once' }, output: expect.stringMatching(/^2\d{3}-.*Z$/) },
      { kind: 'step', attempt: 2, output: 'up again' },
    ])
  })

  it('delays a run, which is waiting or queued until its time', async () => {
    const { runId } = await t.call('runs.start', { workflow: 'greeting', input: { name: 'later' }, delay: '1h' })
    expect(['waiting', 'queued']).toContain((await t.call('runs.get', { runId })).status)
    expect(await t.call('runs.result', { runId, timeout: '0s' })).toMatchObject({ done: false, output: null })
  })
})

describe('runs.startMany', () => {
  it.each([undefined, 'batch-1'])('starts each item or returns its problem, in order (idempotency key: %s)', async (idempotencyKey) => {
    const items = [
      { workflow: 'greeting', input: { name: 'a' } },
      { workflow: 'nothing', input: null },
      { workflow: 'greeting', input: { name: 'b' } },
    ]
    const answer = await t.answer('runs.startMany', { items }, idempotencyKey === undefined ? {} : { idempotencyKey })
    const { items: outcomes } = answer.output as { items: { outcome: string; runId?: string; problem?: { code: string } }[] }
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['started', 'problem', 'started'])
    expect(outcomes[1]?.problem?.code).toBe('workflow.not_found')
    expect((await finish(outcomes[2]?.runId ?? '')).output).toEqual({ text: 'Hello b' })
  })
})

describe('runs.list', () => {
  it('returns all runs page by page, each once', async () => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await t.call('runs.list', { limit: 2, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    const all = await t.call('runs.list', { limit: 200 })
    expect(seen).toEqual(all.items.map(({ id }) => id))
    expect(new Set(seen).size).toBe(seen.length)
    await expect(t.call('runs.list', { cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'invalid_input',
      extra: { errors: [{ path: 'cursor' }] },
    })
  })

  it.each(['queued', 'running', 'waiting', 'paused', 'blocked', 'succeeded', 'failed', 'cancelled', 'timed_out'] as const)(
    'filters by status %s',
    async (status) => {
      const { items } = await t.call('runs.list', { status, until: '2999-01-01T00:00:00Z' })
      expect(items.every((run) => run.status === status)).toBe(true)
    },
  )
})

describe('filters of runs.list', () => {
  const ids: Record<string, string> = {}
  beforeAll(async () => {
    const begin = async (name: string, workflow: string, input: unknown) => {
      ids[name] = (await t.call('runs.start', { workflow, input: input as null, tags: ['filtered', name] })).runId
    }
    await begin('good', 'fragile', { good: true })
    await finish(ids.good ?? '')
    await begin('bad', 'fragile', { good: false })
    await finish(ids.bad ?? '')
    await begin('idle', 'approval', {})
    await reach(ids.idle ?? '', 'waiting')
  })
  const list = async (filter: Parameters<typeof t.call<'runs.list'>>[1]) =>
    (await t.call('runs.list', { tag: 'filtered', ...filter })).items.map(({ tags }) => tags[1])
  const createdAt = async (name: string) => (await t.call('runs.get', { runId: ids[name] ?? '' })).createdAt

  it('selects by tag, newest first', async () => {
    expect(await list({})).toEqual(['idle', 'bad', 'good'])
    expect(await list({ tag: 'bad' })).toEqual(['bad'])
    expect(await list({ tag: 'absent' })).toEqual([])
  })

  it.each([
    ['succeeded', ['good']],
    ['failed', ['bad']],
    ['waiting', ['idle']],
    ['cancelled', []],
    ['queued', []],
  ] as const)('selects by status %s', async (status, found) => {
    expect(await list({ status })).toEqual(found)
  })

  it('selects by workflow', async () => {
    expect(await list({ workflow: 'fragile' })).toEqual(['bad', 'good'])
    expect(await list({ workflow: 'approval' })).toEqual(['idle'])
  })

  it('selects by time, with since and without until', async () => {
    const at = await createdAt('bad')
    expect(await list({ since: at })).toEqual(['idle', 'bad'])
    expect(await list({ until: at })).toEqual(['good'])
    expect(await list({ since: at, until: await createdAt('idle') })).toEqual(['bad'])
  })

  it('selects the children of a run', async () => {
    expect(await list({ parentRunId: ids.good ?? '' })).toEqual([])
  })
})

describe('runs.logs', () => {
  it('lists log lines in the order in which they were written, page by page', async () => {
    const runId = await start('approval', {})
    const run = decodeId('run', runId)
    // Compared as text, the second id would come first.
    await t.database.loop((tx) =>
      tx.write(
        sql`insert into engine.log (org_id, run_id, id, cmd, attempt, at, level, message)
            values (${t.org}, ${run}, 999, 1, 1, now(), 'info', 'first'), (${t.org}, ${run}, 1000, 1, 1, now(), 'info', 'second')`,
      ),
    )
    const lines = async (input: { limit?: number; cursor?: string }) => {
      const { items, nextCursor } = await t.call('runs.logs', { runId, ...input })
      return { messages: items.map(({ message }) => message), nextCursor }
    }
    expect((await lines({})).messages).toEqual(['first', 'second'])
    const page = await lines({ limit: 1 })
    expect(page.messages).toEqual(['first'])
    expect((await lines({ limit: 1, cursor: page.nextCursor ?? '' })).messages).toEqual(['second'])
  })
})

describe('runs.signal, runs.query and runs.why', () => {
  it('shows what a run waits for, answers its query, and continues it with a signal', async () => {
    const runId = await start('approval', {})
    await reach(runId, 'waiting')
    expect(await t.call('runs.why', { runId })).toMatchObject({ state: 'waiting', waits: [{ type: 'signal', name: 'answer' }] })
    expect(await t.call('runs.query', { runId, name: 'stage' })).toEqual({ runId, value: 'asked' })
    await expect(t.call('runs.query', { runId, name: 'nothing' })).rejects.toMatchObject({ code: 'run.query_failed' })
    expect(await t.answer('runs.signal', { runId, name: 'answer', payload: { yes: true } })).toMatchObject({
      status: 202,
      output: { accepted: true },
    })
    expect((await finish(runId)).output).toEqual({ answer: { yes: true } })
    expect(await t.call('runs.query', { runId, name: 'stage' })).toEqual({ runId, value: 'answered' })
    await expect(t.call('runs.signal', { runId, name: 'answer' })).rejects.toMatchObject({ code: 'run.finished' })
    expect(await t.call('runs.why', { runId })).toMatchObject({ state: 'gone', summary: 'The run has ended: succeeded.' })
  })
})

describe('runs.why of a queued run', () => {
  it('names a paused queue, and a queue that no live worker serves', async () => {
    const { runId } = await t.call('runs.start', { workflow: 'approval', input: {}, queue: 'unserved' })
    const summary = async () => (await t.call('runs.why', { runId })).summary
    expect(await summary()).toBe('No live worker serves queue "unserved".')
    await t.call('queues.pause', { queue: 'unserved' })
    expect(await summary()).toBe('Queue "unserved" is paused. To resume it: orrery queues resume unserved.')
    await t.call('queues.resume', { queue: 'unserved' })
    expect(await summary()).toBe('No live worker serves queue "unserved".')
  })
})

describe('runs.why of a run that a person must continue', () => {
  const summaryOf = async (runId: string) => (await t.call('runs.why', { runId })).summary

  it('says how to resume a paused one', async () => {
    const runId = await start('approval', {})
    await reach(runId, 'waiting')
    await t.call('runs.pause', { runId })
    await reach(runId, 'paused')
    expect(await summaryOf(runId)).toBe(`It is paused. To resume it: orrery runs resume ${runId}.`)
    await t.call('runs.cancel', { runId })
  })

  it('says how to resume a blocked one in another version', async () => {
    const { code, manifest } = t.project.bundle
    const renamed = (text: string) => text.replaceAll('"stumble"', '"stagger"')
    const hash = createHash('sha256').update(renamed(code)).digest('hex')
    await t.call('workflows.deploy', { code: renamed(code), hash, manifest: JSON.parse(renamed(JSON.stringify(manifest))) })
    const runId = await start('stumbling', null)
    await reach(runId, 'blocked')
    expect(await summaryOf(runId)).toBe(
      'This worker has no step named "stagger". Deploy code that has it, then resume the run. ' +
        `To resume it: orrery runs resume ${runId}, in another version with --version <hash>, see orrery workflows versions stumbling.`,
    )
    await t.call('runs.cancel', { runId })
    await t.deploy()
  })
})

describe('runs.why of a run that has ended', () => {
  it('says what failed, where, with which input, and what to do next', async () => {
    const runId = await start('fragile', { good: false })
    await finish(runId)
    const why = await t.call('runs.why', { runId })
    expect(why).toMatchObject({
      state: 'gone',
      facts: { failed: 'demand', kind: 'step', cmd: 2, input: '{"good":false}', error: { name: 'NonRetryableError' } },
    })
    expect(why.summary).toMatch(
      /^The run has ended: failed\. Step "demand" \(cmd 2\) failed at .*samples\.ts:\d+:\d+: NonRetryableError: It is not good\. Its input: \{"good":false\}\. Fix the cause/,
    )
    expect(why.summary).toContain(`orrery runs retry ${runId}`)
  })

  it('says how to do a cancelled run again', async () => {
    const runId = await start('approval', {})
    await t.call('runs.cancel', { runId, reason: 'changed my mind' })
    await finish(runId)
    expect((await t.call('runs.why', { runId })).summary).toBe(`The run has ended: cancelled. To do it again: orrery runs retry ${runId}.`)
  })
})

describe('runs.cancel, runs.pause and runs.resume', () => {
  it('cancels a waiting run', async () => {
    const runId = await start('approval', {})
    await reach(runId, 'waiting')
    await t.call('runs.cancel', { runId, reason: 'changed my mind' })
    const error = { kind: 'cancelled', message: 'the run was cancelled: changed my mind' }
    expect(await finish(runId)).toMatchObject({ done: true, status: 'cancelled', error })
    await expect(t.call('runs.cancel', { runId })).rejects.toMatchObject({ code: 'run.finished' })
  })

  it('says of a signal whether the run waits for it, in the answer and in why', async () => {
    const runId = await start('approval', {})
    await reach(runId, 'waiting')
    expect(await t.call('runs.signal', { runId, name: 'anwser', payload: 1 })).toMatchObject({ accepted: true, isAwaited: false })
    await reach(runId, 'waiting')
    const why = await t.call('runs.why', { runId })
    expect(why).toMatchObject({ summary: expect.stringContaining('arrived: "anwser".'), facts: { unreadSignals: { anwser: 1 } } })
    expect(await t.call('runs.signal', { runId, name: 'answer', payload: 1 })).toMatchObject({ accepted: true, isAwaited: true })
    expect(await finish(runId)).toMatchObject({ status: 'succeeded' })
  })

  it('says in why that a signal did not fit, and what was wrong with the last', async () => {
    const runId = await start('picky', null)
    await reach(runId, 'waiting')
    for (const payload of [1, { name: 2 }]) {
      expect(await t.call('runs.signal', { runId, name: 'person', payload })).toMatchObject({ isAwaited: true })
      await expect.poll(async () => (await t.call('runs.logs', { runId })).items.length).toBe(payload === 1 ? 1 : 2)
      await reach(runId, 'waiting')
    }
    expect(await t.call('runs.why', { runId })).toMatchObject({
      summary: expect.stringContaining('"person" (2 times, the last because of name: Expected a text, got a number).'),
      facts: { droppedSignals: { person: 2 } },
    })
    await t.call('runs.signal', { runId, name: 'person', payload: { name: 'Nemo' } })
    expect(await finish(runId)).toMatchObject({ output: { name: 'Nemo' } })
  })

  it('does not drop the version silently if a run is neither paused nor blocked', async () => {
    const runId = await start('approval', {})
    await reach(runId, 'waiting')
    const { version } = await t.call('runs.get', { runId })
    const refused = { code: 'invalid_input', extra: { errors: [{ path: 'version' }] } }
    await expect(t.call('runs.resume', { runId, version })).rejects.toMatchObject(refused)
    await t.call('runs.pause', { runId })
    await reach(runId, 'paused')
    await t.call('runs.resume', { runId, version })
    await reach(runId, 'waiting')
    const resumed = (await t.call('events.list', { subject: runId, type: 'run.resumed' })).items
    expect(resumed).toMatchObject([{ data: { workflow: 'approval' } }])
    await t.call('runs.cancel', { runId })
  })

  it('pauses a run, keeps its signals, and resumes it', async () => {
    const runId = await start('approval', {})
    await reach(runId, 'waiting')
    await t.call('runs.pause', { runId })
    await reach(runId, 'paused')
    await t.call('runs.signal', { runId, name: 'answer', payload: 1 })
    await expect(t.call('runs.resume', { runId, version: 'b'.repeat(64) })).rejects.toMatchObject({ code: 'workflow.version_not_found' })
    await t.call('runs.resume', { runId })
    expect(await finish(runId)).toMatchObject({ status: 'succeeded', output: { answer: 1 } })
  })
})

describe('runs.retry, runs.fork and runs.editStep', () => {
  it('retries a failed run from its failed step, with the step edited or skipped', async () => {
    const runId = await start('fragile', { good: false })
    expect(await finish(runId)).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('not good') } })
    const failed = (await t.call('runs.history', { runId })).items.find(({ name, error }) => name === 'demand' && error !== null)
    const cmd = failed?.cmd ?? 0
    expect(cmd).toBe(2)

    const retried = await t.call('runs.retry', { runId })
    expect(retried.sourceRunId).toBe(runId)
    expect(await finish(retried.runId)).toMatchObject({ status: 'failed' })
    expect(await t.call('runs.get', { runId: retried.runId })).toMatchObject({ origin: { kind: 'retry', runId } })

    const edited = await t.call('runs.editStep', { runId, cmd, output: 'given' })
    expect(await finish(edited.runId)).toMatchObject({ status: 'succeeded', output: { verdict: 'given' } })
    const skipped = await t.call('runs.editStep', { runId, cmd, skip: true })
    expect(await finish(skipped.runId)).toMatchObject({ status: 'succeeded', output: { verdict: null } })

    const audit = await t.call('audit.list', { action: 'run.step_edited' })
    expect(audit.items.map(({ detail }) => detail)).toEqual([
      { cmd, skip: true, output: null, newRunId: skipped.runId },
      { cmd, skip: false, output: 'given', newRunId: edited.runId },
    ])
    await expect(t.call('runs.editStep', { runId, cmd })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(t.call('runs.editStep', { runId, cmd: 99, skip: true })).rejects.toMatchObject({ code: 'run.step_not_found' })
  })

  it('forks a finished run from a row of its history', async () => {
    const runId = await start('fragile', { good: true })
    await finish(runId)
    await expect(t.call('runs.retry', { runId })).rejects.toMatchObject({ code: 'run.not_retryable' })
    const forked = await t.call('runs.fork', { runId, fromSeq: 2 })
    expect(await finish(forked.runId)).toMatchObject({ status: 'succeeded', output: { verdict: 'fine' } })
    expect(await t.call('runs.get', { runId: forked.runId })).toMatchObject({ origin: { kind: 'fork', runId, seq: 2 } })
    await expect(t.call('runs.fork', { runId, fromSeq: 50 })).rejects.toMatchObject({ code: 'run.step_not_found' })
  })

  it('rejects a retry of a run that has not finished', async () => {
    const runId = await start('approval', {})
    await expect(t.call('runs.retry', { runId })).rejects.toMatchObject({ code: 'run.not_finished' })
  })
})

describe('an unknown run', () => {
  it.each([
    ['runs.get', {}],
    ['runs.history', {}],
    ['runs.logs', {}],
    ['runs.result', {}],
    ['runs.why', {}],
    ['runs.signal', { name: 'x' }],
    ['runs.query', { name: 'x' }],
    ['runs.cancel', {}],
    ['runs.pause', {}],
    ['runs.resume', {}],
    ['runs.retry', {}],
    ['runs.fork', { fromSeq: 1 }],
    ['runs.editStep', { cmd: 1, skip: true }],
  ])('%s answers run.not_found, also for a run of another organization', async (name, more) => {
    const runId = await start('approval', {})
    const key = await t.otherOrg(`other-${name}`)
    await expect(t.answer(name, { runId: unknown, ...more })).rejects.toMatchObject({ code: 'run.not_found' })
    await expect(t.answer(name, { runId, ...more }, { key })).rejects.toMatchObject({ code: 'run.not_found' })
  })
})
