/**
 * Operations on pipelines over a real database and engine: save, check, dry run and run. Goal: an invalid pipeline is never stored, and a
 * run gets exactly the scopes it was granted.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '@orrery/contract'
import type { BuiltBundle } from '@orrery/engine'
import { buildBundle } from '@orrery/engine/bundle'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { pipelineInterpreter } from './to-pipeline-start.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore()
})
afterAll(() => t?.close())

const clock = (id: string, more: object = {}) => ({ id, uses: 'time.now', ...more })
const put = (pipeline: string, definition: Json) => t.call('pipelines.put', { pipeline, definition })
const finish = (runId: string) => t.call('runs.result', { runId, timeout: '20s' })
const run = async (input: Parameters<typeof t.call<'pipelines.run'>>[1]) => finish((await t.call('pipelines.run', input)).runId)
const key = async (scopes: readonly string[]) => {
  const { output } = await t.answer('keys.create', { name: 'narrow', scopes })
  return (output as { secret: string }).secret
}

const putTool = (tool: string, more: object) => t.answer('tools.put', { tool, definition: { description: tool, ...more } })

async function bundleOf(text: string): Promise<BuiltBundle> {
  const root = mkdtempSync(join(tmpdir(), 'orrery-pipelines-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'workflows.js'), text)
  return buildBundle({ entries: ['workflows.js'], root })
}

describe('stored pipelines', () => {
  it('saves, shows, lists, versions and deletes pipelines', async () => {
    const first = [clock('a', { save_as: 'time' })]
    expect(await put('noon', first)).toEqual({ name: 'noon', version: 1, changed: true, warnings: [] })
    expect(await put('noon', { pipeline: first })).toMatchObject({ version: 1, changed: false })
    expect(await put('noon', { pipeline: first, output: '${steps.time.utc}' })).toMatchObject({ version: 2, changed: true })
    await put('afternoon', first)

    expect(await t.call('pipelines.get', { pipeline: 'noon' })).toMatchObject({
      version: 2,
      isNewest: true,
      definition: { output: '${steps.time.utc}' },
    })
    expect(await t.call('pipelines.get', { pipeline: 'noon', version: 1 })).toMatchObject({
      isNewest: false,
      definition: { pipeline: first },
    })
    const listed = await t.call('pipelines.list', { limit: 1 })
    expect(listed.items).toMatchObject([{ name: 'afternoon', version: 1 }])
    const more = await t.call('pipelines.list', { cursor: listed.nextCursor ?? '' })
    expect(more.items).toMatchObject([{ name: 'noon', version: 2 }])
    const versions = await t.call('pipelines.versions', { pipeline: 'noon', limit: 1 })
    expect(versions.items).toMatchObject([{ version: 2, isNewest: true, savedBy: expect.stringMatching(/^key_/) }])
    expect((await t.call('pipelines.versions', { pipeline: 'noon', cursor: versions.nextCursor ?? '' })).items).toMatchObject([
      { version: 1 },
    ])

    expect(await t.call('pipelines.delete', { pipeline: 'noon' })).toMatchObject({ name: 'noon', version: 2 })
    for (const name of ['pipelines.get', 'pipelines.versions', 'pipelines.delete', 'pipelines.run'] as const)
      await expect(t.call(name, { pipeline: 'noon' })).rejects.toMatchObject({ code: 'pipeline.not_found' })
    // Version numbers are not reused, so a version in an old run still identifies one definition.
    expect(await put('noon', first)).toMatchObject({ version: 3 })
    await expect(t.call('pipelines.get', { pipeline: 'noon', version: 9 })).rejects.toMatchObject({ code: 'pipeline.version_not_found' })
    const types = async () => {
      const { items } = await t.call('events.list', { limit: 200 })
      return items.filter(({ subject }) => subject === 'noon').map(({ type }) => type)
    }
    await expect.poll(types).toEqual(['pipeline.saved', 'pipeline.saved', 'pipeline.deleted', 'pipeline.saved'])
  })

  it('assigns consecutive versions when several calls save a pipeline at once', async () => {
    const saved = await Promise.all(
      Array.from({ length: 8 }, (_, n) => put('crowded', [clock('a', { with: { timezone: `Etc/GMT+${n}` } })])),
    )
    expect(saved.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('rejects an invalid pipeline with the step, the path and the reason, and does not save it', async () => {
    const wrong = [clock('a', { with: { timezone: 5 } }), { id: 'b', uses: 'time.nwo' }, { id: 'c', pipeline: 'unknown' }]
    await expect(put('wrong', wrong)).rejects.toMatchObject({
      code: 'pipeline.invalid',
      extra: {
        errors: [
          { step: 'a', path: 'pipeline[0].with.timezone', message: expect.stringContaining('a text') },
          { step: 'b', path: 'pipeline[1].uses', message: 'there is no tool called time.nwo; did you mean time.now?' },
          { step: 'c', path: 'pipeline[2].pipeline', message: 'there is no pipeline called unknown' },
        ],
      },
    })
    await expect(put('wrong', { pipeline: [{ id: 'a' }] })).rejects.toMatchObject({ code: 'pipeline.invalid' })
    await expect(put('wrong', 'text')).rejects.toMatchObject({ code: 'pipeline.invalid' })
    await expect(t.call('pipelines.get', { pipeline: 'wrong' })).rejects.toMatchObject({ code: 'pipeline.not_found' })
  })

  it('saves a pipeline with warnings about values that may be missing, and rejects one that calls itself', async () => {
    const doubtful = [clock('a', { if: 'params.x', save_as: 'a' }), clock('b', { with: { timezone: '${steps.a.timezone}' } })]
    expect(await put('doubtful', doubtful)).toMatchObject({ warnings: [{ severity: 'warning', step: 'b' }] })
    await put('left', [clock('a')])
    await put('right', [{ id: 'l', pipeline: 'left' }])
    await expect(put('left', [{ id: 'r', pipeline: 'right' }])).rejects.toMatchObject({
      code: 'pipeline.invalid',
      extra: { errors: [{ message: 'It calls itself: pipeline left → pipeline right → pipeline left' }] },
    })
    await expect(put('self', [{ id: 's', pipeline: 'self' }])).rejects.toMatchObject({ code: 'pipeline.invalid' })
  })
})

describe('params', () => {
  it('accepts calls without params that have a default, even if the called pipeline or tool requires them', async () => {
    const definition = {
      params: { days: 7 },
      params_schema: { type: 'object', required: ['days', 'who'], properties: { days: { type: 'integer' }, who: { type: 'string' } } },
      pipeline: [],
      output: '${params.who} ${params.days}',
    }
    expect(await put('with-days', definition)).toMatchObject({ version: 1 })
    await putTool('their.days', { implementation: { kind: 'pipeline', definition } })
    const steps = (more: object) => [
      { id: 'p', pipeline: 'with-days', with: { who: 'Ada', ...more }, save_as: 'p' },
      { id: 't', uses: 'their.days', with: { who: 'Bob', ...more }, save_as: 't' },
    ]
    expect(await run({ definition: steps({}) })).toMatchObject({ status: 'succeeded', output: { p: 'Ada 7', t: 'Bob 7' } })
    expect(await run({ definition: steps({ days: 8 }) })).toMatchObject({ output: { p: 'Ada 8', t: 'Bob 8' } })
    const without = [
      { id: 'p', pipeline: 'with-days' },
      { id: 't', uses: 'their.days' },
    ]
    await expect(put('wrong', without)).rejects.toMatchObject({
      extra: { errors: [{ path: 'pipeline[0].with.who' }, { path: 'pipeline[1].with.who' }] },
    })
  })

  it.each([
    [{ type: 'nonsense' }, 'type'],
    [{ properties: { a: { pattern: '(' } } }, 'regular expression'],
    [{ $ref: '#/nowhere' }, 'reference'],
  ])('rejects a pipeline with the invalid params_schema %j', async (params_schema, why) => {
    await expect(put('wrong', { params_schema, pipeline: [clock('a')] } as Json)).rejects.toMatchObject({
      code: 'pipeline.invalid',
      extra: { errors: [{ path: 'params_schema', message: expect.stringContaining(why) }] },
    })
  })
})

describe('pipelines.check and pipelines.dryRun', () => {
  it('returns the same problems as saving, without saving', async () => {
    expect(await t.call('pipelines.check', { definition: [clock('a')] })).toEqual({ ok: true, problems: [] })
    const checked = await t.call('pipelines.check', { definition: [{ id: 'a', uses: 'nothing' }] })
    expect(checked).toMatchObject({ ok: false, problems: [{ severity: 'error', step: 'a', path: 'pipeline[0].uses' }] })
  })

  it('shows arguments as far as their values are known', async () => {
    const definition = [
      clock('a', { with: { timezone: '${params.zone}' }, save_as: 'a' }),
      clock('b', { with: { timezone: '${steps.a.timezone}' } }),
    ]
    const input = { definition, params: { zone: 'Asia/Tokyo' } }
    expect(await t.call('pipelines.dryRun', input)).toMatchObject({
      ok: true,
      steps: [{ rendered: { timezone: 'Asia/Tokyo' } }, { rendered: { timezone: '⟨steps.a.timezone⟩' } }],
    })
    expect(await t.call('pipelines.dryRun', { ...input, steps: { a: { timezone: 'UTC' } } })).toMatchObject({
      steps: [{}, { rendered: { timezone: 'UTC' } }],
    })
    await put('stored', definition)
    expect(await t.call('pipelines.dryRun', { pipeline: 'stored' })).toMatchObject({
      ok: false,
      problems: [{ step: 'a', path: 'pipeline[0].with.timezone' }],
    })
    await expect(t.call('pipelines.dryRun', { definition, now: '0000-06-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'invalid_input',
      extra: { errors: [{ path: 'now' }] },
    })
    await expect(t.call('pipelines.dryRun', { definition, timezone: 'Mars/Base' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(t.call('pipelines.dryRun', { definition, pipeline: 'stored' })).rejects.toMatchObject({ code: 'invalid_input' })
  })
})

describe('pipelines.run', () => {
  it('starts a run whose steps are shown by the history and the query', async () => {
    const definition = {
      params: { zone: 'UTC' },
      pipeline: [clock('one', { with: { timezone: '${params.zone}' }, save_as: 'one' }), { id: 'none', uses: 'time.now', if: false }],
      output: { zone: '${steps.one.timezone}', pipeline: '${run.pipeline}', version: '${run.version}' },
    }
    await put('clock', definition)
    const { runId, outcome } = await t.call('pipelines.run', { pipeline: 'clock', params: { zone: 'Asia/Tokyo' }, tags: ['tokyo'] })
    expect(outcome).toBe('started')
    expect(await finish(runId)).toMatchObject({ status: 'succeeded', output: { zone: 'Asia/Tokyo', pipeline: 'clock', version: 1 } })
    const { items } = await t.call('runs.history', { runId })
    expect(items).toMatchObject([
      { kind: 'step', name: 'orrery.tool', step: 'one', input: { tool: 'time.now', step: 'one', with: { timezone: 'Asia/Tokyo' } } },
    ])
    const { value } = await t.call('runs.query', { runId, name: 'pipeline' })
    expect(value).toMatchObject({
      steps: [
        { id: 'one', state: 'succeeded' },
        { id: 'none', state: 'skipped' },
      ],
    })
    // Text that PostgreSQL cannot read as members of JSON is in the way of no list.
    await t.call('pipelines.run', { pipeline: 'clock', params: { zone: 'Asia/Tokyo', odd: '\ud800 \u0000' }, tags: ['odd'] })
    expect((await t.call('runs.list', { tag: 'odd' })).items).toMatchObject([{ pipeline: 'clock' }])
    const listed = await t.call('runs.list', { workflow: 'orrery.pipeline', tag: 'tokyo' })
    expect(listed.items).toMatchObject([{ id: runId, workflow: 'orrery.pipeline', pipeline: 'clock', automation: null }])
    // It is not a default version, so it is not listed among deployed workflows.
    expect((await t.call('workflows.list', {})).items.map(({ name }) => name)).not.toContain('orrery.pipeline')
  })

  it('starts a run that keeps its definition and those of the pipelines it calls', async () => {
    await put('callee', { pipeline: [], output: 'before' })
    const definition = [
      { id: 'w', wait: { signal: 'go' } },
      { id: 'c', pipeline: 'callee', save_as: 'c' },
    ]
    await put('caller', definition)
    const { runId } = await t.call('pipelines.run', { pipeline: 'caller' })
    await put('callee', { pipeline: [], output: 'after' })
    await t.call('pipelines.delete', { pipeline: 'caller' })
    await t.call('runs.signal', { runId, name: 'go' })
    expect(await finish(runId)).toMatchObject({ status: 'succeeded', output: { c: 'before' } })
    expect((await t.call('runs.list', { parentRunId: runId })).items).toMatchObject([{ status: 'succeeded' }])
  })

  it('starts a run whose cancellation also cancels the pipeline that it called', async () => {
    await put('sleeper', [{ id: 'z', wait: '1h' }])
    const { runId } = await t.call('pipelines.run', { definition: [{ id: 'c', pipeline: 'sleeper' }] })
    await expect.poll(async () => (await t.call('runs.list', { parentRunId: runId })).items.length).toBe(1)
    await t.call('runs.cancel', { runId })
    expect(await finish(runId)).toMatchObject({ status: 'cancelled' })
    await expect.poll(async () => (await t.call('runs.list', { parentRunId: runId })).items[0]?.status).toBe('cancelled')
  })

  it('runs a tool of kind pipeline or workflow as a child run, and requires its scopes', async () => {
    await t.deploy()
    const bound = {
      params: { zone: 'UTC' },
      pipeline: [clock('inner', { with: { timezone: '${params.zone}' }, save_as: 'time' })],
      output: '${steps.time.timezone}',
    }
    await putTool('their.clock', { scopes: ['clock'], implementation: { kind: 'pipeline', definition: bound } })
    await putTool('their.greeting', { implementation: { kind: 'workflow', workflow: 'greeting' } })
    const definition = [
      { id: 'c', uses: 'their.clock', with: { zone: 'Asia/Tokyo' }, save_as: 'zone' },
      { id: 'g', uses: 'their.greeting', with: { name: 'Ada' }, save_as: 'greeting' },
    ]
    const { runId } = await t.call('pipelines.run', { definition, scopes: ['clock'] })
    expect(await finish(runId)).toMatchObject({ status: 'succeeded', output: { zone: 'Asia/Tokyo', greeting: { text: 'Hello Ada' } } })
    const children = await t.call('runs.list', { parentRunId: runId })
    expect(children.items.map(({ workflow }) => workflow).toSorted()).toEqual(['greeting', 'orrery.pipeline'])
    expect(await run({ definition })).toMatchObject({ status: 'failed', error: { name: 'ScopeMissing', details: { step: 'c' } } })

    await put('looping', [clock('a')])
    await putTool('their.loop', { implementation: { kind: 'pipeline', definition: { pipeline: [{ id: 'again', pipeline: 'looping' }] } } })
    await expect(put('looping', [{ id: 'l', uses: 'their.loop' }])).rejects.toMatchObject({
      code: 'pipeline.invalid',
      extra: { errors: [{ message: 'It calls itself: pipeline looping → tool their.loop → pipeline looping' }] },
    })
  })

  it('reports a failure with the step and the path', async () => {
    const definition = [clock('a', { with: { timezone: '${params.zone}' }, max_retries: 0 })]
    expect(await run({ definition, params: { zone: 'Mars/Base' } })).toMatchObject({
      status: 'failed',
      error: {
        name: 'InvalidTimezone',
        message: 'a (pipeline[0]): There is no time zone "Mars/Base"',
        details: { step: 'a', path: 'pipeline[0]' },
      },
    })
    expect(await run({ definition: [{ id: 'h', human: { title: 'Well?', form: {} } }] })).toMatchObject({
      error: { name: 'NotServedError' },
    })
  })

  it('starts a run that can be retried from its failed step, keeping the results of earlier steps', async () => {
    const definition = [clock('a', { save_as: 'a' }), clock('b', { with: { timezone: '${params.zone}' }, max_retries: 0 })]
    const { runId } = await t.call('pipelines.run', { definition, params: { zone: 'Mars/Base' } })
    expect(await finish(runId)).toMatchObject({ status: 'failed' })
    const failed = (await t.call('runs.history', { runId })).items
    expect(await t.call('runs.why', { runId })).toMatchObject({
      summary: expect.stringContaining('Step "b" (cmd 2) failed'),
      facts: { failed: 'b' },
    })
    const again = await t.call('runs.retry', { runId })
    expect(await finish(again.runId)).toMatchObject({ status: 'failed', error: { name: 'InvalidTimezone' } })
    const repeated = (await t.call('runs.history', { runId: again.runId })).items
    expect(repeated[0]).toMatchObject({ name: 'orrery.tool', output: failed[0]?.output, at: failed[0]?.at })
    expect(repeated[1]?.at).not.toBe(failed[1]?.at)
    expect((await t.call('tools.calls', { runId: again.runId })).items).toMatchObject([{ tool: 'time.now', step: 'b', outcome: 'failed' }])
  })

  it('completes many rounds without a wait, and meanwhile lets other runs proceed', async () => {
    const skipped = [{ id: 'none', uses: 'time.now', if: 'item < 0' }]
    const inner = { id: 'inner', for_each: '${params.list}', do: skipped }
    const definition = { pipeline: [{ id: 'outer', for_each: '${params.list}', do: [inner] }], output: 'done' }
    const long = await t.call('pipelines.run', { definition, params: { list: Array.from({ length: 300 }, (_, at) => at) } })
    expect(await run({ definition: [clock('a')] })).toMatchObject({ status: 'succeeded' })
    expect(await finish(long.runId)).toMatchObject({ status: 'succeeded', output: 'done' })
  })

  it('starts a delayed run at its time, which is also the start of its clock', async () => {
    // The first start builds the interpreter, which takes longer than the delay on a busy machine.
    await run({ definition: [clock('a')] })
    const at = new Date(Date.now() + 3000).toISOString()
    const { runId } = await t.call('pipelines.run', { definition: { pipeline: [], output: '${run.startedAt}' }, at })
    expect(await finish(runId)).toMatchObject({ output: at })
    const dedupe = { key: 'once', window: '1h' }
    const first = await t.call('pipelines.run', { definition: [{ id: 'w', wait: '1h' }], dedupe })
    expect(await t.call('pipelines.run', { definition: [{ id: 'w', wait: '1h' }], dedupe })).toMatchObject({
      runId: first.runId,
      outcome: 'existing',
    })
    await t.call('runs.cancel', { runId: first.runId, terminate: true })
    await finish(first.runId)
    const again = { definition: [{ id: 'w', wait: '1h' }], dedupe: { ...dedupe, reuse: 'after_failure' as const } }
    expect(await t.call('pipelines.run', again)).toMatchObject({ outcome: 'started' })
  })

  it('rejects params that do not fit, unknown time zones, and invalid pipelines', async () => {
    const definition = { params_schema: { properties: { n: { type: 'integer' } } }, pipeline: [] }
    await expect(t.call('pipelines.run', { definition, params: { n: 'x' } })).rejects.toMatchObject({
      code: 'pipeline.invalid',
      extra: { errors: [{ path: 'params.n' }] },
    })
    await expect(t.call('pipelines.run', { definition, timezone: 'Nowhere' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(t.call('pipelines.run', { definition: [{ id: 'a', uses: 'nothing' }] })).rejects.toMatchObject({
      code: 'pipeline.invalid',
    })
    await expect(t.call('pipelines.run', {})).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('starts one run for repeated calls with the same idempotency key', async () => {
    const input = { definition: [clock('a')] }
    const [first, second] = [
      await t.answer('pipelines.run', input, { idempotencyKey: 'p-1' }),
      await t.answer('pipelines.run', input, { idempotencyKey: 'p-1' }),
    ]
    expect(second).toEqual({ ...first, replayed: true })
  })

  it('requires pipelines:write for an inline definition, and tools:call and each granted scope for scopes', async () => {
    await put('open', [clock('a')])
    const narrow = await key(['runs:write', 'runs:read'])
    expect(await t.call('pipelines.run', { pipeline: 'open' }, { key: narrow })).toMatchObject({ outcome: 'started' })
    await expect(t.call('pipelines.run', { definition: [clock('a')] }, { key: narrow })).rejects.toMatchObject({ code: 'forbidden' })
    await expect(t.call('pipelines.run', { pipeline: 'open', scopes: ['notify'] }, { key: narrow })).rejects.toMatchObject({
      code: 'forbidden',
    })
    const giver = await key(['runs:write', 'tools:call'])
    expect(await t.call('pipelines.run', { pipeline: 'open', scopes: ['notify'] }, { key: giver })).toMatchObject({ outcome: 'started' })
    await expect(t.call('pipelines.run', { pipeline: 'open', scopes: ['keys:write'] }, { key: giver })).rejects.toMatchObject({
      code: 'forbidden',
      extra: { permission: 'keys:write' },
    })
  })
})

describe('a repeated run of a pipeline', () => {
  it('requires the permission to grant the scopes of the run, changed or not, and keeps exactly these scopes', async () => {
    const pause = { id: 'b', uses: 'orchestrator.pause', with: { task: '${steps.a.timezone}' } }
    const definition = [clock('a', { save_as: 'a' }), pause] as Json
    const { runId } = await t.call('pipelines.run', { definition, scopes: ['automations:write'] })
    expect((await finish(runId)).status).toBe('failed')
    const cmd = (await t.call('runs.history', { runId })).items.find(({ kind }) => kind === 'step')?.cmd ?? 0
    const edits = [{ cmd, output: { timezone: 'victim' } }]
    const operator = await key(['runs:write', 'runs:read'])
    const { version } = await t.call('runs.get', { runId })
    for (const ask of [
      () => t.call('runs.retry', { runId }, { key: operator }),
      () => t.call('runs.fork', { runId, fromSeq: 1 }, { key: operator }),
      () => t.call('runs.resume', { runId, version }, { key: operator }),
      () => t.call('runs.retry', { runId, edits }, { key: operator }),
      () => t.call('runs.fork', { runId, fromSeq: 2, edits }, { key: operator }),
      () => t.call('runs.editStep', { runId, cmd, output: { timezone: 'victim' } }, { key: operator }),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'forbidden', extra: { permission: 'tools:call automations:write' } })
    const giver = await key(['runs:write', 'tools:call', 'automations:write'])
    for (const wider of [giver, t.adminKey]) {
      const repeated = await t.call('runs.retry', { runId, edits }, { key: wider })
      expect(await t.call('runs.get', { runId: repeated.runId })).toMatchObject({ scopes: ['automations:write'] })
    }
  })
})

describe('reserved names', () => {
  it('rejects starting the interpreter by runs.start and runs.startMany', async () => {
    await expect(t.call('runs.start', { workflow: 'orrery.pipeline', input: {} })).rejects.toMatchObject({ code: 'workflow.name_reserved' })
    const { items } = await t.call('runs.startMany', { items: [{ workflow: 'orrery.pipeline', input: {} }] as never })
    expect(items).toMatchObject([{ outcome: 'problem', problem: { code: 'workflow.name_reserved' } }])
  })

  it('rejects projects that deploy a reserved workflow, start it as a child, or call the tool step', async () => {
    const stealing = await bundleOf(`
      import { step, workflow } from '@orrery/engine/workflow'
      const tool = step('orrery.tool')
      export const thief = workflow('thief', (ctx) => ctx.run(tool, { tool: 'time.now', with: {}, step: 's', scopes: ['keys:write'] }))
      export const child = workflow('child', (ctx) => ctx.child('orrery.pipeline', {}))`)
    await t.answer('workflows.deploy', { ...stealing })
    const stolen = await finish((await t.call('runs.start', { workflow: 'thief' })).runId)
    expect(stolen).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('is a step of pipelines only') } })
    const begotten = await finish((await t.call('runs.start', { workflow: 'child' })).runId)
    expect(begotten).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('no workflow named') } })

    const named = await bundleOf(`
      import { workflow } from '@orrery/engine/workflow'
      export const own = workflow('orrery.pipeline', () => 1)`)
    await expect(t.answer('workflows.deploy', { ...named })).rejects.toMatchObject({ code: 'workflow.name_reserved' })
  })

  it('hides the interpreter from workflows that name its version', async () => {
    await run({ definition: [clock('a')] })
    const { hash } = await pipelineInterpreter.build()
    const bundle = await bundleOf(`
      import { workflow } from '@orrery/engine/workflow'
      const input = {
        definition: { pipeline: [{ id: 'a', uses: 'time.now' }] }, params: {}, event: null, run: {}, timezone: 'UTC',
        scopes: ['keys:write'], calls: { pipelines: {}, tools: {} },
      }
      const version = '${hash}'
      export const awaiting = workflow('awaiting', (ctx) => ctx.child('orrery.pipeline', input, { version }))
      export const starting = workflow('starting', (ctx) => ctx.start('orrery.pipeline', input, { version }))`)
    await t.answer('workflows.deploy', { ...bundle })
    for (const workflow of ['awaiting', 'starting']) {
      const { runId } = await t.call('runs.start', { workflow })
      const message = expect.stringContaining('no workflow named "orrery.pipeline"')
      expect(await finish(runId)).toMatchObject({ status: 'failed', error: { message } })
      expect((await t.call('runs.list', { parentRunId: runId })).items).toEqual([])
    }
  })

  it('rejects a tool that is a reserved workflow, and pipelines that call one that was stored before', async () => {
    const implementation = { kind: 'workflow', workflow: 'orrery.pipeline' }
    await expect(putTool('stolen', { implementation })).rejects.toMatchObject({
      code: 'invalid_input',
      extra: { errors: [{ path: 'definition.implementation.workflow' }] },
    })
    await putTool('stolen', { implementation: { kind: 'workflow', workflow: 'greeting' } })
    const change = `update app.tool set definition = jsonb_set(definition::jsonb, '{implementation,workflow}', '"orrery.pipeline"')::json`
    await t.query(`${change} where name = 'stolen'`)
    const definition = [{ id: 's', uses: 'stolen', with: { definition: { pipeline: [clock('a')] }, scopes: ['keys:write'] } }]
    const message = 'Its tool stolen is the reserved workflow orrery.pipeline'
    await expect(run({ definition })).rejects.toMatchObject({ code: 'pipeline.invalid', extra: { errors: [{ message }] } })
  })
})
