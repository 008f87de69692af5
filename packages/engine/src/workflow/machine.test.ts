/**
 * Goal: the machine turns each delivery into the right commands and completion. Drives the scenes of fixtures/scenes.ts in a real sandbox,
 * without a store.
 */
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildBundle } from '../bundle/build-bundle.ts'
import { createSandbox, type Sandbox } from '../sandbox/create-sandbox.ts'
import type { Command, Delivery, Failure, Json, Reaction } from './protocol.ts'

const T0 = Date.UTC(2030, 0, 1)
let sandbox: Sandbox
let runs = 0

beforeAll(async () => {
  const { code } = await buildBundle({ entries: ['scenes.ts'], root: fileURLToPath(new URL('fixtures', import.meta.url)) })
  sandbox = createSandbox(code, { timeoutMs: 2000 })
})

/** A run in the sandbox that the test drives step by step. */
function begin(workflow: string, input: Json = null, extra: { patches?: string[]; replaying?: boolean } = {}) {
  const run = `run-${++runs}`
  const info = { runId: run, orgId: 'org', workflow, version: 'v', parentRunId: null, scopes: [] }
  let at = T0
  const send = (delivery: Delivery, replaying = false): Reaction => {
    const [reaction] = sandbox.activate([{ run, at, replaying, delivery }])
    if (reaction === undefined) throw new Error('no reaction')
    return reaction
  }
  const start = send({ type: 'start', workflow, input, seed: 'seed', info, patches: extra.patches ?? [] }, extra.replaying ?? false)
  return {
    start,
    resolve: (cmd: number, value: Json = null, replaying = false) => send({ type: 'resolve', cmd, value }, replaying),
    reject: (cmd: number, error: Partial<Failure> = {}) =>
      send({ type: 'reject', cmd, error: { name: 'CardDeclined', message: 'no money', kind: 'error', ...error } }),
    cancel: (timedOut = false) => send({ type: 'cancel', reason: 'by hand', timedOut }),
    query: (name: string, args: Json = null) => send({ type: 'query', id: 7, name, args }).answer,
    pass: (ms: number) => {
      at += ms
    },
  }
}

const shape = (commands: readonly Command[]) =>
  commands.map((command) => ('cmd' in command ? `${command.type} ${command.cmd}` : command.type))

describe('commands', () => {
  test('issues a step command and completes the run with its value', () => {
    const run = begin('plain', { n: 4 })
    expect(run.start.commands).toEqual([{ type: 'step', cmd: 1, name: 'work', args: 4, options: {} }])
    expect(run.resolve(1, 8)).toMatchObject({ commands: [], completion: { type: 'succeeded', output: 9 } })
  })

  test('a command carries the options of its call, and StepFailedError names the step and the original error', () => {
    const run = begin('stepFails')
    expect(run.start.commands[0]).toMatchObject({ options: { timeoutMs: 120_000, queue: 'gpu' } })
    expect(run.reject(1).completion).toEqual({
      type: 'succeeded',
      output: { step: 'work', name: 'CardDeclined', message: 'step work failed: no money' },
    })
  })

  test('validators check input and output', () => {
    expect(begin('validated', {}).start.completion).toEqual({ type: 'succeeded', output: { n: 3 } })
    expect(begin('validated', { n: 'x' }).start.completion).toMatchObject({
      type: 'failed',
      error: { kind: 'invalid', details: [{ path: 'n' }] },
    })
    expect(begin('validated', { n: 0 }).start.completion).toMatchObject({ type: 'failed', error: { name: 'InvalidInputError' } })
  })

  test('Promise.all over ctx.run issues both steps at once and accepts results in any order', () => {
    const run = begin('pair')
    expect(shape(run.start.commands)).toEqual(['step 1', 'step 2'])
    run.resolve(2, 20)
    expect(run.resolve(1, 10).completion).toEqual({ type: 'succeeded', output: [10, 20] })
  })

  test('map respects its limit and returns results in the order of the items', () => {
    const run = begin('limited')
    expect(shape(run.start.commands)).toEqual(['step 1', 'step 2'])
    expect(shape(run.resolve(2, 2).commands)).toEqual(['step 3'])
    expect(shape(run.resolve(3, 3).commands)).toEqual(['step 4'])
    run.resolve(4, 4)
    expect(run.resolve(1, 1).completion).toEqual({ type: 'succeeded', output: [1, 2, 3, 4] })
  })

  test('the first failure in all drops the other commands', () => {
    const run = begin('failingAll')
    const reaction = run.reject(2)
    expect(shape(reaction.commands)).toEqual(['drop 1', 'drop 3'])
    expect(reaction.completion).toMatchObject({ type: 'failed', error: { name: 'StepFailedError', details: { step: 'work' } } })
  })

  test('drops the losers of a race, which see CancelledError, and ignores late answers to them', () => {
    const run = begin('racing')
    expect(shape(run.resolve(2, 22).commands)).toEqual(['drop 1', 'sleep 3'])
    expect(run.resolve(1, 11).commands).toEqual([])
    expect(run.resolve(3).completion).toEqual({ type: 'succeeded', output: { first: 22, seen: ['lane 1 was cancelled'] } })
  })

  test('issues child commands with their options, and ChildFailedError carries the failure of the child', () => {
    const run = begin('family')
    expect(run.start.commands).toEqual([
      { type: 'child', cmd: 1, workflow: 'background', input: { a: 1 }, options: { tags: ['x'], timeoutMs: 60_000 }, detached: true },
    ])
    expect(run.resolve(1, 'run_x').commands[0]).toMatchObject({ workflow: 'plain', detached: false, options: { parentClose: 'abandon' } })
    expect(run.reject(2, { name: 'Boom' }).completion).toMatchObject({ output: { id: 'run_x', failed: 'Boom' } })
  })

  test('drops an invalid message with a warning and keeps the deadline of the wait', () => {
    const run = begin('waits')
    const until = T0 + 3 * 86_400_000
    expect(run.start.commands).toEqual([{ type: 'signal', cmd: 1, name: 'approve', until }])
    run.pass(1000)
    expect(run.resolve(1, { yes: 'maybe' }).commands).toMatchObject([
      { type: 'log', level: 'warn' },
      { type: 'signal', cmd: 2, until },
    ])
    expect(run.resolve(2, { yes: true }).completion).toMatchObject({ output: { yes: true } })
  })

  test('waitFor throws TimeoutError after its timeout', () => {
    const run = begin('waits')
    expect(run.reject(1, { kind: 'timeout', name: 'TimeoutError' }).completion).toMatchObject({ output: { timedOut: true } })
  })

  test('an invalid call fails the run with an explanation', () => {
    expect(begin('badCall').start.completion).toMatchObject({ type: 'failed', error: { name: 'TypeError', message: /no unit/ } })
  })
})

describe('cancellation', () => {
  test('cancelling a run drops its open commands, runs the cleanup and ends it as cancelled', () => {
    const run = begin('cleaning')
    const reaction = run.cancel()
    expect(shape(reaction.commands)).toEqual(['drop 1', 'step 2'])
    expect(reaction.completion).toBeUndefined()
    expect(shape(run.resolve(2).commands)).toEqual(['step 3'])
    expect(run.resolve(3).completion).toEqual({ type: 'cancelled', timedOut: false })
  })

  test('a run cancelled by its timeout ends as timed out', () => {
    const run = begin('cleaning')
    run.cancel(true)
    run.resolve(2)
    expect(run.resolve(3).completion).toEqual({ type: 'cancelled', timedOut: true })
  })

  test('rejects commands after the cancellation at once, and a workflow that catches them may still succeed', () => {
    const reaction = begin('stubborn').cancel()
    expect(shape(reaction.commands)).toEqual(['drop 1'])
    expect(reaction.completion).toEqual({ type: 'succeeded', output: { later: 'CancelledError' } })
  })

  test('cancelling a scope leaves the rest of the run alone', () => {
    const run = begin('scoped')
    expect(shape(run.start.commands)).toEqual(['step 1', 'step 2', 'drop 1'])
    expect(run.resolve(2, 3).completion).toEqual({ type: 'succeeded', output: { ended: 'CancelledError: enough', other: 3 } })
  })

  test('a run does not end before its shielded work has ended', () => {
    const run = begin('looseShield')
    expect(run.start.completion).toBeUndefined()
    expect(run.resolve(1).completion).toEqual({ type: 'succeeded', output: 'done' })
  })
})

describe('determinism', () => {
  test('the clock comes from the activation and randomness from the seed', () => {
    const outputs = [1, 2].map(() => {
      const run = begin('chance')
      run.pass(60_000)
      return run.resolve(1).completion
    })
    expect(outputs[0]).toEqual(outputs[1])
    expect(outputs[0]).toMatchObject({
      output: [
        expect.any(Number),
        expect.any(Number),
        expect.any(String),
        T0,
        '2030-01-01T00:00:00.000Z',
        T0 + 60_000,
        '2030-01-01T00:01:00.000Z',
      ],
    })
  })

  test('patched is true in live code and journals its marker once', () => {
    const run = begin('changed')
    expect(run.resolve(1).commands).toEqual([{ type: 'patch', id: 'second-step' }, expect.objectContaining({ cmd: 2 })])
    expect(run.resolve(2).completion).toMatchObject({ output: [true, true] })
  })

  test('patched is false when the history has no marker, and true when it has one', () => {
    const old = begin('changed', null, { replaying: true })
    expect(old.resolve(1, 1, true).completion).toMatchObject({ output: [false, false] })
    const marked = begin('changed', null, { replaying: true, patches: ['second-step'] })
    expect(shape(marked.resolve(1, 1, true).commands)).toEqual(['step 2'])
  })

  test('continueAsNew ends the generation, even if workflow code continues after it', () => {
    const reaction = begin('counter', { n: 1 }).resolve(1)
    expect(reaction).toMatchObject({ commands: [], completion: { type: 'continued', input: { n: 2 } } })
  })

  test('a replay does not repeat logs', () => {
    expect(begin('noisy').start.commands).toMatchObject([
      { type: 'log', level: 'info', message: 'starting', data: { a: 1 } },
      { type: 'log', level: 'warn', message: 'careful {"b":2}' },
      { type: 'sleep', cmd: 1 },
    ])
    expect(shape(begin('noisy', null, { replaying: true }).start.commands)).toEqual(['sleep 1'])
  })
})

describe('queries', () => {
  test('queries see the current state, also after the run has ended', () => {
    const run = begin('asked')
    expect(run.query('state', { loud: true })).toEqual({ id: 7, ok: true, value: 'BEGUN' })
    run.resolve(1)
    expect(run.query('state', { loud: false })).toEqual({ id: 7, ok: true, value: 'slept' })
  })

  test('rejects an unknown query and a query handler that issues commands', () => {
    const run = begin('asked')
    expect(run.query('naughty')).toMatchObject({ ok: false })
    expect(run.query('nonsense')).toMatchObject({ ok: false, error: { message: /it knows state, naughty/ } })
    expect(run.resolve(1).completion).toMatchObject({ type: 'succeeded' })
  })
})

describe('failures', () => {
  test('an error is journalled with name, message and details', () => {
    expect(begin('throwing').start.completion).toMatchObject({
      type: 'failed',
      error: { name: 'RangeError', message: 'out of bounds', kind: 'error', details: { limit: 3 } },
    })
  })

  test('an unhandled rejection is logged at once and fails the run at its end', () => {
    const run = begin('floating')
    expect(run.resolve(1).commands).toMatchObject([{ type: 'log', level: 'error', message: /lost in the background/ }])
    expect(run.resolve(2).completion).toMatchObject({ type: 'failed', error: { message: 'lost in the background' } })
  })

  test('a rejection that is handled late does not fail the run', () => {
    const run = begin('handledLate')
    expect(run.reject(1).completion).toBeUndefined()
    expect(run.resolve(2).completion).toEqual({ type: 'succeeded', output: 'StepFailedError' })
  })

  test('a run without open commands fails if a rejection is unhandled, and otherwise never completes', () => {
    expect(begin('orphaned').start.completion).toMatchObject({ type: 'failed', error: { message: 'rejected without a handler' } })
    expect(begin('stuck').start).toMatchObject({ commands: [] })
  })

  test('throws on a delivery for an unknown run', () => {
    expect(() =>
      sandbox.activate([{ run: 'missing', at: T0, replaying: false, delivery: { type: 'resolve', cmd: 1, value: null } }]),
    ).toThrow(/never started/)
  })
})
