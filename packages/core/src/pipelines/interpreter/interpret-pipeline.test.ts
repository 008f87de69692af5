/**
 * The interpreter of pipelines, in virtual time and with fake tools. Goal: order, conditions, errors, retries, parallel steps, waits and
 * child runs behave as the language defines.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { interpret, read, statesOf } from './interpret.fixture.ts'

const call = (id: string, uses: string, more: object = {}) => ({ id, uses, ...more })

describe('a sequence of steps', () => {
  test('runs the daily briefing unchanged, and returns the values its steps saved', async () => {
    const file = join(import.meta.dirname, '../../../../expressions/src/fixtures/daily-briefing.json')
    const { pipeline } = JSON.parse(readFileSync(file, 'utf8'))
    const result = await interpret(
      pipeline,
      {
        'analytics.business_metrics': { revenue: 12 },
        'llm.analyze': { mood: 'good' },
        'llm.executive_summary': { summary: 'All is well' },
        'communication.send_executive_summary': { sent: true },
      },
      { timezone: 'America/New_York', now: '2026-03-08T03:30:00Z' },
    )
    expect(result).toMatchObject({
      status: 'succeeded',
      output: { metrics: { revenue: 12 }, analysis: { mood: 'good' }, briefing: { summary: 'All is well' } },
    })
    expect(result.calls.at(-1)).toEqual({
      tool: 'communication.send_executive_summary',
      step: 'deliver_briefing',
      attempt: 1,
      with: {
        recipients: ['cto@company.com', 'ceo@company.com'],
        subject: 'Daily Executive Briefing - 2026-03-07',
        content: 'All is well',
      },
    })
  })

  test('replaces params of the definition by those of the start, and can read event and run', async () => {
    const definition = {
      params: { a: 1, b: 2 },
      pipeline: [],
      output: { a: '${params.a}', b: '${params.b}', who: '${event.who}', run: '${run}' },
    }
    const result = await interpret(definition, {}, { params: { b: 3 }, event: { who: 'Ada' }, run: { pipeline: 'p', version: 4 } })
    const run = { pipeline: 'p', version: 4, id: 'test-run', parentId: null, startedAt: '2030-01-01T00:00:00.000Z' }
    expect(result.output).toEqual({ a: 1, b: 3, who: 'Ada', run })
  })

  test('fails before the first step if params do not fit their schema', async () => {
    const definition = { params_schema: { properties: { n: { type: 'number' } } }, pipeline: [call('a', 'x')] }
    const result = await interpret(definition, { x: 1 }, { params: { n: 'one' } })
    expect(result).toMatchObject({
      status: 'failed',
      error: { name: 'InvalidParams', message: expect.stringContaining('at .n') },
      calls: [],
    })
  })

  test('reads the start of the step as now', async () => {
    const pipeline = [call('a', 'x', { with: { at: '${now}' } }), { id: 'w', wait: '90m' }, call('b', 'x', { with: { at: '${now}' } })]
    const { calls } = await interpret(pipeline, { x: null }, { takes: '10s' })
    expect(calls.map((one) => one.with)).toEqual([{ at: '2030-01-01T00:00:00.000Z' }, { at: '2030-01-01T01:30:10.000Z' }])
  })

  test('skips a step whose condition is false, and reports it as skipped', async () => {
    const pipeline = [
      call('a', 'x', { if: 'params.go', save_as: 'a' }),
      call('b', 'x', { if: '!params.go', with: { a: '${steps.a?}' } }),
      { ...call('c', 'x'), if: false },
    ]
    const result = await interpret(pipeline, { x: 1 }, { params: { go: false } })
    expect(result.calls).toMatchObject([{ step: 'b', with: {} }])
    expect(result.output).toEqual({})
    expect(statesOf(result)).toEqual({ a: 'skipped', b: 'succeeded', c: 'skipped' })
  })

  test('reports each step with its times, arguments and output', async () => {
    const pipeline = [call('a', 'x', { with: { n: '${params.n}' } }), call('b', 'broken', { max_retries: 0 }), call('c', 'x')]
    const result = await interpret(pipeline, { x: { ok: true } }, { params: { n: 7 }, takes: '2s' })
    const [start, middle, finish] = ['2030-01-01T00:00:00.000Z', '2030-01-01T00:00:02.000Z', '2030-01-01T00:00:04.000Z']
    const error = { name: 'Error', kind: 'error', message: 'b (pipeline[1]): there is no tool broken' }
    expect(result.reported).toEqual([
      {
        id: 'a',
        kind: 'uses',
        path: 'pipeline[0]',
        round: null,
        state: 'succeeded',
        startedAt: start,
        endedAt: middle,
        rendered: { n: 7 },
        output: { ok: true },
      },
      { id: 'b', kind: 'uses', path: 'pipeline[1]', round: null, state: 'failed', startedAt: middle, endedAt: finish, rendered: {}, error },
      { id: 'c', kind: 'uses', path: 'pipeline[2]', round: null, state: 'pending', startedAt: null, endedAt: null },
    ])
  })

  test('reports only the beginning of long values', async () => {
    const { reported, output } = await interpret([call('a', 'x', { save_as: 'a' })], { x: 'y'.repeat(50_000) })
    expect(reported[0]?.output).toMatch(/^⟨50002 characters: "y+…⟩$/)
    expect(output).toEqual({ a: 'y'.repeat(50_000) })
  })
})

describe('failures', () => {
  test('reports a failure with the step, the path and the original error', async () => {
    const result = await interpret([call('a', 'x', { retry: false })], {
      x: () => {
        throw Object.assign(new RangeError('too far'), { details: { by: 3 } })
      },
    })
    expect(result.error).toEqual({
      name: 'RangeError',
      kind: 'error',
      message: 'a (pipeline[0]): too far',
      details: { step: 'a', path: 'pipeline[0]', rounds: [], message: 'too far', details: { by: 3 } },
    })
  })

  test('fails a step whose template cannot be rendered, with the path of the template', async () => {
    const pipeline = [call('a', 'x', { save_as: 'a' }), call('b', 'x', { with: { to: ['${steps.a.nope}'] } })]
    const result = await interpret(pipeline, { x: {} })
    expect(result.error).toMatchObject({
      name: 'TemplateError',
      kind: 'invalid',
      message: expect.stringMatching(/^b \(pipeline\[1\]\.with\.to\[0\]\): /),
    })
    expect(result.calls).toHaveLength(1)
  })

  test('continues after a failed step with on_error: continue', async () => {
    const result = await interpret([call('a', 'broken', { on_error: 'continue', save_as: 'a', retry: false }), call('b', 'x')], { x: 1 })
    expect(result).toMatchObject({ status: 'succeeded', output: {} })
    expect(statesOf(result)).toEqual({ a: 'failed', b: 'succeeded' })
  })

  test('runs the steps of on_error instead of a failed step; they read the error, and the last one has the value', async () => {
    const onError = { steps: [call('tell', 'x', { with: { what: '${error}' }, save_as: 'inner' }), call('stand_in', 'y')] }
    const pipeline = [call('a', 'broken', { on_error: onError, save_as: 'a', retry: false })]
    const result = await interpret(pipeline, { x: 1, y: 'instead' })
    expect(result.output).toEqual({ a: 'instead', inner: 1 })
    const error = { step: 'a', name: 'Error', kind: 'error', message: 'there is no tool broken' }
    expect(result.calls).toMatchObject([{ step: 'a' }, { step: 'tell', with: { what: error } }, { step: 'stand_in' }])
  })

  test('lets later steps read what the steps of on_error saved, if the run continued', async () => {
    const onError = { steps: [call('ticket', 'x', { save_as: 'ticket' })] }
    const later = call('b', 'x', { with: { ticket: '${steps.ticket?}' } })
    const failed = await interpret([call('a', 'broken', { on_error: onError, retry: false }), later], { x: 'T-1' })
    expect(failed.calls.at(-1)).toMatchObject({ step: 'b', with: { ticket: 'T-1' } })
    const good = await interpret([call('a', 'x', { on_error: onError }), later], { x: 'T-1' })
    expect(good.calls.at(-1)).toMatchObject({ step: 'b', with: {} })
  })

  test('fails the run after the cleanup if on_error has after: fail', async () => {
    const pipeline = [call('a', 'broken', { on_error: { steps: [call('clean', 'x')], after: 'fail' }, retry: false })]
    const result = await interpret(pipeline, { x: 1 })
    expect(result).toMatchObject({ status: 'failed', error: { message: 'a (pipeline[0]): there is no tool broken' } })
    expect(statesOf(result)).toEqual({ a: 'failed', clean: 'succeeded' })
  })

  test('reports the failure of the step even if the cleanup fails too', async () => {
    const onError = { steps: [call('clean', 'missing', { retry: false })], after: 'fail' }
    const result = await interpret([call('a', 'broken', { on_error: onError, retry: false })], {})
    expect(result).toMatchObject({ status: 'failed', error: { message: 'a (pipeline[0]): there is no tool broken' } })
    expect(statesOf(result)).toEqual({ a: 'failed', clean: 'failed' })
    const standIn = await interpret([call('a', 'broken', { on_error: { steps: onError.steps }, retry: false })], {})
    expect(standIn.error).toMatchObject({ message: 'clean (pipeline[0].on_error.steps[0]): there is no tool missing' })
  })

  test('does not run on_error in a cancelled run', async () => {
    const pipeline = [call('a', 'x', { on_error: { steps: [call('b', 'x')] } })]
    const result = await interpret(pipeline, { x: 1 }, { takes: '1h', cancel: { at: '1m' } })
    expect(result).toMatchObject({ status: 'cancelled', elapsedMs: 60_000 })
    expect(result.calls).toHaveLength(1)
    expect(statesOf(result)).toEqual({ a: 'cancelled', b: 'pending' })
  })
})

describe('retries and time limits', () => {
  const flaky =
    (failures: number) =>
    (_: object, { attempt }: { attempt: number }) => {
      if (attempt <= failures) throw new Error(`attempt ${attempt}`)
      return attempt
    }

  test('uses the attempts and delays of the step', async () => {
    const retry = { max: 4, initial: '1s', factor: 1, increment: '10s', jitter: 'none' }
    const result = await interpret([call('a', 'x', { retry, save_as: 'a' })], { x: flaky(3) })
    expect(result).toMatchObject({ output: { a: 4 }, elapsedMs: 1000 + 11_000 + 21_000 })
  })

  test('counts max_retries after the first attempt, and stops at once for non_retryable', async () => {
    expect(await interpret([call('a', 'x', { max_retries: 2 })], { x: flaky(3) })).toMatchObject({ status: 'failed', calls: { length: 3 } })
    expect(await interpret([call('a', 'x', { max_retries: 3 })], { x: flaky(3) })).toMatchObject({ status: 'succeeded' })
    const picky = [call('a', 'x', { retry: { max: 9, non_retryable: ['Error'] } })]
    expect(await interpret(picky, { x: flaky(1) })).toMatchObject({ status: 'failed', calls: { length: 1 } })
  })

  test('uses the retry settings of the run for steps without their own', async () => {
    const pipeline = [call('a', 'x', { on_error: 'continue' }), call('b', 'x', { max_retries: 0 })]
    const result = await interpret(pipeline, { x: flaky(9) }, { retry: { max: 2, initial: '5s', jitter: 'none' } })
    expect(result.calls.map(({ step, attempt }) => `${step}${attempt}`)).toEqual(['a1', 'a2', 'b1'])
    expect(result.elapsedMs).toBe(5000)
  })

  test('passes the time limit of a step to the tool step', async () => {
    const { history } = await interpret([call('a', 'x', { timeout_seconds: 2.5 }), call('b', 'x')], { x: 1 })
    const inputs = history.flatMap((event) => ('command' in event && event.command.type === 'step' ? [event.command.args] : []))
    expect(inputs).toEqual([
      { tool: 'x', with: {}, step: 'a', timeoutMs: 2500 },
      { tool: 'x', with: {}, step: 'b' },
    ])
  })

  test.each([
    ['parallel', { parallel: [call('b', 'x')] }],
    ['for_each', { for_each: [1, 2], do: [call('b', 'x')] }],
  ])('stops all inner steps of a %s that takes too long', async (_, step) => {
    const pipeline = [{ id: 'a', timeout_seconds: 60, on_error: 'continue', ...step }, call('c', 'y')]
    const result = await interpret(pipeline, { x: 1, y: 2 }, { takes: '45s' })
    const expected = 'parallel' in step ? 90_000 : 60_000 + 45_000
    expect(result).toMatchObject({ status: 'succeeded', elapsedMs: expected })
    expect(statesOf(result)).toMatchObject({ a: 'parallel' in step ? 'succeeded' : 'failed', c: 'succeeded' })
  })
})

describe('parallel and for_each', () => {
  test('lets branches read earlier values, and later steps read the values that branches saved', async () => {
    const pipeline = [
      call('first', 'x', { save_as: 'first' }),
      {
        id: 'both',
        parallel: [
          call('left', 'echo', { with: { v: '${steps.first}' }, save_as: 'left' }),
          [call('one', 'x'), call('two', 'echo', { with: { v: 2 }, save_as: 'two' })],
        ],
        save_as: 'both',
      },
      call('last', 'echo', { with: { v: '${steps.left.v + steps.two.v}' }, save_as: 'last' }),
    ]
    const result = await interpret(pipeline, { x: 40, echo: (args) => args })
    expect(result.output).toEqual({ first: 40, left: { v: 40 }, two: { v: 2 }, both: [{ v: 40 }, { v: 2 }], last: { v: 42 } })
  })

  test('cancels the other branches when one fails, without running their on_error', async () => {
    const pipeline = [
      {
        id: 'both',
        parallel: [call('bad', 'broken', { retry: false }), [{ id: 'long', wait: '1h', on_error: { steps: [call('never', 'x')] } }]],
      },
    ]
    const result = await interpret(pipeline, { x: 1 })
    expect(result).toMatchObject({
      status: 'failed',
      elapsedMs: 0,
      error: { message: 'bad (pipeline[0].parallel[0]): there is no tool broken' },
    })
    expect(statesOf(result)).toEqual({ both: 'failed', bad: 'failed', long: 'cancelled', never: 'pending' })
  })

  test('runs at most limit branches at once', async () => {
    const parallel = ['a', 'b', 'c'].map((id) => ({ id, wait: '10s' }))
    expect(await interpret([{ id: 'p', parallel }], {})).toMatchObject({ elapsedMs: 10_000 })
    expect(await interpret([{ id: 'p', parallel, limit: 2 }], {})).toMatchObject({ elapsedMs: 20_000 })
    expect(await interpret([{ id: 'p', parallel, limit: 1 }], {})).toMatchObject({ elapsedMs: 30_000 })
  })

  test('keeps the element, index and saved values of each round separate', async () => {
    const pipeline = [
      {
        id: 'each',
        for_each: '${params.list}',
        as: 'client',
        do: [
          call('a', 'echo', { with: { v: '${client.n}', i: '${index}' }, save_as: 'mine' }),
          call('b', 'echo', { with: { v: '${steps.mine.v * 10}' } }),
        ],
        save_as: 'rounds',
      },
      call('after', 'echo', { with: { missing: '${steps.mine?}' } }),
    ]
    const result = await interpret(pipeline, { echo: (args) => args }, { params: { list: [{ n: 1 }, { n: 2 }] } })
    expect(result.output).toEqual({ rounds: [{ v: 10 }, { v: 20 }] })
    expect(result.calls.map((one) => one.with)).toEqual([{ v: 1, i: 0 }, { v: 10 }, { v: 2, i: 1 }, { v: 20 }, {}])
    expect(statesOf(result)).toMatchObject({ each: 'succeeded', 'a@0': 'succeeded', 'b@1': 'succeeded' })
    expect(result.reported[0]).toMatchObject({ rounds: { total: 2, ended: 2 } })
  })

  test('runs rounds in sequence, or up to limit at once', async () => {
    const step = { id: 'e', for_each: [1, 2, 3, 4], do: [{ id: 'w', wait: '10s' }] }
    expect(await interpret([step], {})).toMatchObject({ elapsedMs: 40_000 })
    expect(await interpret([{ ...step, limit: 3 }], {})).toMatchObject({ elapsedMs: 20_000 })
    expect(await interpret([{ ...step, for_each: [] }], {})).toMatchObject({ elapsedMs: 0, status: 'succeeded' })
  })

  test('reports the rounds of a failure', async () => {
    const inner = {
      id: 'in',
      for_each: [0, 1],
      as: 'y',
      do: [call('x', 'echo', { with: { v: '${if(item == 2 && y == 1, item.nope, y)}' } })],
    }
    const result = await interpret([{ id: 'out', for_each: [1, 2], do: [inner] }], { echo: (args) => args })
    expect(result.error).toMatchObject({
      name: 'TemplateError',
      details: { step: 'x', rounds: [1, 1] },
      message: expect.stringContaining('round 1.1'),
    })
  })

  test('accepts names such as __proto__ and constructor', async () => {
    const pipeline = [call('a', 'x', { save_as: '__proto__' }), call('b', 'echo', { with: { v: '${steps.__proto__}' }, save_as: 'b' })]
    const result = await interpret(pipeline, { x: 1, echo: (args) => args })
    expect(result.output).toHaveProperty('b', { v: 1 })
    expect(await interpret([call('a', 'constructor')], { constructor: 5 })).toMatchObject({ status: 'succeeded' })
  })
})

describe('a wait', () => {
  test('waits for a duration or until a time, and not at all if the time has passed', async () => {
    const pipeline = [
      { id: 'a', wait: { for: '${params.long}' } },
      { id: 'b', wait: { until: '2030-01-01T05:00:00+02:00' } },
      { id: 'c', wait: '2029-01-01T00:00:00Z' },
    ]
    expect(await interpret(pipeline, {}, { params: { long: '2h' } })).toMatchObject({ status: 'succeeded', elapsedMs: 3 * 3_600_000 })
  })

  test('waits for a signal and returns its payload', async () => {
    const pipeline = [{ id: 'a', wait: { signal: 'go', timeout: '1d' }, save_as: 'a' }]
    const signals = [{ name: 'go', payload: { yes: true }, at: '3h' }]
    expect(await interpret(pipeline, {}, { signals })).toMatchObject({ output: { a: { yes: true } }, elapsedMs: 3 * 3_600_000 })
  })

  test('renders the name of a signal, and rejects an invalid one', async () => {
    const pipeline = [{ id: 'a', wait: { signal: 'paid-${params.order}', timeout: '1d' }, save_as: 'a' }]
    const signals = [{ name: 'paid-7', payload: 'yes', at: '3h' }]
    expect(await interpret(pipeline, {}, { params: { order: 7 }, signals })).toMatchObject({ output: { a: 'yes' } })
    for (const order of ['${params.nope?}', '${params.order}', '${params.long}']) {
      const wrong = [{ id: 'a', wait: { signal: order } }]
      const { error } = await interpret(wrong, {}, { params: { order: 7, long: 'x'.repeat(129) } })
      expect(error).toMatchObject({ name: 'TemplateError', message: expect.stringContaining('a name of 1 to 128 characters was expected') })
    }
  })

  test('fails a wait for a signal at its timeout', async () => {
    const pipeline = [
      { id: 'a', wait: { signal: 'go', timeout: '1d' }, on_error: { steps: [call('b', 'x', { with: { why: '${error.kind}' } })] } },
    ]
    const result = await interpret(pipeline, { x: 1 })
    expect(result).toMatchObject({ status: 'succeeded', elapsedMs: 86_400_000, calls: [{ with: { why: 'timeout' } }] })
  })

  test('fails a step that asks a person, as it is not supported yet', async () => {
    const result = await interpret([{ id: 'ask', human: { title: 'May we, ${params.who}?', form: {} } }], {}, { params: { who: 'Ada' } })
    expect(result.error).toMatchObject({ name: 'NotServedError', message: expect.stringMatching(/^ask \(pipeline\[0\]\): .*not run$/) })
    expect(result.reported[0]).toMatchObject({ state: 'failed', rendered: { title: 'May we, Ada?' } })
  })
})

describe('child runs', () => {
  const child = {
    definition: read({ params: { a: 1 }, pipeline: [call('inner', 'echo', { with: { v: '${params.a + params.b}' }, save_as: 'sum' })] }),
    version: 3,
  }
  const calls = { pipelines: { child }, tools: {} }

  test('passes arguments to a child pipeline as params and returns its output', async () => {
    const pipeline = [{ id: 'c', pipeline: 'child', with: { b: 2 }, save_as: 'c' }]
    expect(await interpret(pipeline, { echo: (args) => args }, { calls })).toMatchObject({ output: { c: { sum: { v: 3 } } } })
  })

  test('reports the failure of a child pipeline with both places and the original name', async () => {
    const result = await interpret([{ id: 'c', pipeline: 'child', with: { b: 'x' } }], {}, { calls })
    expect(result.error).toMatchObject({
      name: 'TemplateError',
      message: expect.stringMatching(/^c \(pipeline\[0\]\): inner \(pipeline\[0\]\.with\.v\): /),
    })
  })

  test('repeats a child pipeline only by the retry settings of its step', async () => {
    const failing = { definition: read([call('inner', 'x', { retry: false })]), version: 1 }
    const around = { calls: { pipelines: { failing }, tools: {} }, retry: { max: 5 } }
    const x = () => {
      throw new Error('no')
    }
    expect(await interpret([{ id: 'c', pipeline: 'failing' }], { x }, around)).toMatchObject({ status: 'failed', elapsedMs: 0 })
    const patient = [{ id: 'c', pipeline: 'failing', retry: { max: 3, initial: '10s', jitter: 'none' } }]
    expect(await interpret(patient, { x }, around)).toMatchObject({ status: 'failed', elapsedMs: 30_000 })
  })

  test('fails a step whose pipeline did not exist at the start of the run', async () => {
    expect((await interpret([{ id: 'c', pipeline: 'gone' }], {})).error).toMatchObject({ name: 'UnknownPipeline' })
  })

  test('checks the schemas and scopes of a tool that is a child run', async () => {
    const face = {
      scopes: ['notify'],
      timeoutMs: 30_000,
      inputSchema: { type: 'object', required: ['b'] },
      outputSchema: { type: 'object' },
    }
    const tools = {
      bound: { ...face, kind: 'pipeline', definition: child.definition },
      flow: { ...face, kind: 'workflow', workflow: 'their-flow' },
    } as const
    const around = {
      calls: { pipelines: {}, tools },
      scopes: ['notify'],
      children: { 'their-flow': ({ b }: { b: number }) => ({ b: b + 1 }) },
    }
    const pipeline = [call('a', 'bound', { with: { b: 2 }, save_as: 'a' }), call('f', 'flow', { with: { b: 5 }, save_as: 'f' })]
    const result = await interpret(pipeline, { echo: (args) => args }, around)
    expect(result.output).toEqual({ a: { sum: { v: 3 } }, f: { b: 6 } })
    const failing = async (steps: object[], more: object = {}) => (await interpret(steps, {}, { ...around, ...more })).error?.name
    expect(await failing([call('a', 'bound', { with: {} })])).toBe('InvalidArguments')
    expect(await failing([call('a', 'bound', { with: { b: 1 } })], { scopes: [] })).toBe('ScopeMissing')
    expect(await failing([call('a', 'flow', { with: { b: 1 } })], { children: { 'their-flow': 'text' } })).toBe('InvalidOutput')
  })

  test('fails a step whose tool is a reserved workflow', async () => {
    const face = { scopes: [], timeoutMs: 30_000, inputSchema: {} }
    const calls = { pipelines: {}, tools: { stolen: { ...face, kind: 'workflow', workflow: 'orrery.pipeline' } as const } }
    const inner = { definition: read([call('a', 'x')]), params: {}, run: {}, timezone: 'UTC', calls }
    const result = await interpret([call('s', 'stolen', { with: inner })], { x: 1 }, { calls })
    expect(result).toMatchObject({ status: 'failed', error: { name: 'ReservedWorkflow' }, calls: [] })
  })
})

test('reports the number of all rounds, and the steps of the first thousand only', async () => {
  const list = Array.from({ length: 1200 }, (_, at) => at)
  const result = await interpret([{ id: 'e', for_each: list, limit: 100, do: [call('a', 'x')], save_as: 'e' }], { x: 1 })
  expect(result.status).toBe('succeeded')
  expect(result.reported[0]).toMatchObject({ rounds: { total: 1200, ended: 1200 } })
  expect(result.reported).toHaveLength(1001)
})

test('fails a run at the limit of steps, even if its steps have on_error: continue', { timeout: 60_000 }, async () => {
  const list = Array.from({ length: 10_000 }, (_, at) => at)
  const inner = { id: 'inner', for_each: '${params.list}', do: [{ id: 's', uses: 'x', if: false }], on_error: 'continue' }
  const result = await interpret([{ id: 'outer', for_each: list, do: [inner], on_error: 'continue' }], {}, { params: { list } })
  expect(result).toMatchObject({
    status: 'failed',
    error: { name: 'TooManySteps', message: expect.stringContaining('more than 250000 steps') },
  })
})
