/** Goal: workflow code cannot reach the host’s realm, sees only its run’s clock and randomness, and cannot loop forever. Uses real bundles. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { buildBundle } from '../bundle/build-bundle.ts'
import type { Activation, Delivery } from '../workflow/protocol.ts'
import { createSandbox, SandboxStuck } from './create-sandbox.ts'

async function bundle(body: string, top = ''): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'orrery-sandbox-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const text = `import { workflow, step } from '@orrery/engine/workflow'\n${top}\nexport const probe = workflow('probe', async (ctx, input) => { ${body} })`
  await writeFile(join(root, 'probe.js'), text)
  return (await buildBundle({ entries: ['probe.js'], root })).code
}

const info = { runId: 'r', orgId: 'o', workflow: 'probe', version: 'v', parentRunId: null, scopes: [] }
const begin = (run: string, at = 0): Activation => ({
  run,
  at,
  replaying: false,
  delivery: { type: 'start', workflow: 'probe', input: null, seed: 'seed', info, patches: [] },
})
const next = (run: string, delivery: Delivery, at = 0): Activation => ({ run, at, replaying: false, delivery })

async function evaluate(expression: string): Promise<unknown> {
  const [reaction] = createSandbox(await bundle(`return ${expression}`), { timeoutMs: 2000 }).activate([begin('run')])
  return reaction?.completion?.type === 'succeeded' ? reaction.completion.output : reaction?.completion
}

const attempt = (code: string) => `(() => { try { return String(${code}) } catch (error) { return 'threw ' + error.message } })()`

describe('the realm border', () => {
  test.each([
    "globalThis.constructor.constructor('return typeof process')()",
    "(() => {}).constructor('return typeof process')()",
    "Object.getPrototypeOf(function* () {}).constructor('return typeof process')()",
    "__io.constructor.constructor('return typeof process')()",
    "__orrery.activate.constructor('return typeof process')()",
    "console.log.constructor('return typeof process')()",
    "(() => { try { null.x } catch (error) { return error.constructor.constructor('return typeof process')() } })()",
    "(() => { const deep = () => deep(); try { deep() } catch (error) { return error.constructor.constructor('return typeof process')() } })()",
    "(() => { let seen; Error.prepareStackTrace = (_, frames) => { seen = frames; return '' }; void new Error().stack; return seen.constructor.constructor('return typeof process')() })()",
    'new Proxy({}, { get() { throw new Error() } }).x',
    'setTimeout.constructor("return typeof process")()',
  ])('%s reaches nothing of the host', async (way) => {
    expect(await evaluate(attempt(way))).toMatch(/^threw /)
  })

  test('stack frames expose no function or receiver of the host', async () => {
    const frames = `(() => { let out = ''; Error.prepareStackTrace = (_, frames) => { out = frames.map((f) => [f.getThis(), f.getFunction()].filter((x) => x !== undefined && !(x instanceof Object)).length).join(''); return '' }; void new Error().stack; return out })()`
    expect(await evaluate(frames)).toMatch(/^0+$/)
  })

  test('rejects import() and async functions when the code is loaded', () => {
    expect(() => createSandbox("import('node:fs')", { timeoutMs: 1000 })).toThrow(/import\(\)/)
    expect(() => createSandbox('(async () => {})()', { timeoutMs: 1000 })).toThrow(/async functions/)
    expect(() => createSandbox('"import(x) async"; globalThis.__orrery = {}', { timeoutMs: 1000 })).not.toThrow()
  })

  test('an error while loading reaches the host as an error of the host’s realm', () => {
    expect(() => createSandbox('throw new RangeError("bad module")', { timeoutMs: 1000 })).toThrow(/RangeError: bad module/)
  })
})

describe('time, randomness and locale', () => {
  test.each([
    'process',
    'Buffer',
    'crypto',
    'performance',
    'WeakRef',
    'FinalizationRegistry',
    'SharedArrayBuffer',
    'Atomics',
    'WebAssembly',
  ])('%s is absent', async (name) => {
    expect(await evaluate(`typeof ${name}`)).toBe('undefined')
  })

  test.each([
    ['setTimeout(() => {}, 1)', /ctx\.sleep/],
    ['fetch("http://x")', /in a step/],
    ['Array.fromAsync([])', /ctx\.all/],
    ['eval("1")', /eval/],
  ])('%s throws an error that says what to use instead', async (code, message) => {
    expect(await evaluate(attempt(code))).toMatch(message)
  })

  test('dates are in UTC and texts in English on every machine', async () => {
    const code = `[
      new Date(2030, 0, 31, 9).toISOString(), new Date('2030-01-31T09:00').toISOString(), new Date('Jan 31 2030 09:00').toISOString(),
      new Date('2030-01-31T09:00:00+02:00').toISOString(), new Date('2030-01-31').toISOString(), String(new Date(0)), new Date(0).getTimezoneOffset(),
      new Date(0).toLocaleString(), new Intl.DateTimeFormat().resolvedOptions().timeZone, new Intl.NumberFormat().resolvedOptions().locale,
      new Date(0).toLocaleTimeString('de-DE', { timeZone: 'Europe/Berlin' }), new Date() instanceof Date, String(new Date(NaN)), Date.name,
    ]`
    expect(await evaluate(code)).toEqual([
      '2030-01-31T09:00:00.000Z',
      '2030-01-31T09:00:00.000Z',
      '2030-01-31T09:00:00.000Z',
      '2030-01-31T07:00:00.000Z',
      '2030-01-31T00:00:00.000Z',
      'Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)',
      0,
      '1/1/1970, 12:00:00 AM',
      'UTC',
      'en-US',
      '01:00:00',
      true,
      'Invalid Date',
      'Date',
    ])
  })

  test('each run of a batch keeps its own clock across awaits', async () => {
    const code = await bundle(
      "const a = Date.now(); await null; const b = new Date().getTime(); await ctx.sleep('1s'); return [a, b, new Intl.DateTimeFormat().format(), Date.now()]",
    )
    const sandbox = createSandbox(code, { timeoutMs: 2000 })
    const day = 86_400_000
    sandbox.activate([begin('a', day), begin('b', 2 * day)])
    const outputs = sandbox.activate([
      next('b', { type: 'resolve', cmd: 1, value: null }, 4 * day),
      next('a', { type: 'resolve', cmd: 1, value: null }, 3 * day),
    ])
    expect(outputs.map(({ completion }) => completion)).toEqual([
      { type: 'succeeded', output: [2 * day, 2 * day, '1/5/1970', 4 * day] },
      { type: 'succeeded', output: [day, day, '1/4/1970', 3 * day] },
    ])
  })

  test('runs cannot pass data through globals or exported data', async () => {
    const code = await bundle(
      "try { settings.list.push(1) } catch (error) { return error.name } return 'written'",
      'export const settings = { list: [] }',
    )
    expect(createSandbox(code, { timeoutMs: 2000 }).activate([begin('a')])[0]?.completion).toMatchObject({ output: 'TypeError' })
    expect(await evaluate(`(() => { try { globalThis.leak = 1 } catch (error) { return error.name } })()`)).toBe('TypeError')
  })
})

describe('promises of a bundle behave like the native ones', () => {
  test.each([
    ['Promise.all([1, Promise.resolve(2), { then: (yes) => yes(3) }])', [1, 2, 3]],
    [
      'Promise.allSettled([1, Promise.reject(2)])',
      [
        { status: 'fulfilled', value: 1 },
        { status: 'rejected', reason: 2 },
      ],
    ],
    ['Promise.any([Promise.reject(1), Promise.resolve(2)])', 2],
    ['Promise.any([Promise.reject(1)]).catch((error) => [error.name, error.errors])', ['AggregateError', [1]]],
    ['Promise.race([new Promise(() => {}), Promise.resolve(1)])', 1],
    ['Promise.all([])', []],
    ['Promise.reject(1).finally(() => 2).catch((x) => x)', 1],
    ['Promise.resolve(1).finally(() => { throw 3 }).catch((x) => x)', 3],
    ['Promise.try(() => { throw 4 }).catch((x) => x)', 4],
    ['Promise.resolve().then(1).then((x) => x ?? "through")', 'through'],
    ['(() => { const { promise, resolve } = Promise.withResolvers(); resolve(5); resolve(6); return promise })()', 5],
    ['(() => { let self; self = Promise.resolve().then(() => self); return self.catch((error) => error.name) })()', 'TypeError'],
    ['new Promise((yes, no) => { yes(1); no(2); throw 3 })', 1],
    [
      '(async () => { const out = []; for await (const x of (async function* () { yield 1; yield Promise.resolve(2) })()) out.push(x); return out })()',
      [1, 2],
    ],
    [
      '(async () => { const out = []; queueMicrotask(() => out.push("a")); Promise.resolve().then(() => out.push("b")); await null; await null; return out })()',
      ['a', 'b'],
    ],
    ['[Object.prototype.toString.call(Promise.resolve()), Promise.resolve() instanceof Promise]', ['[object Promise]', true]],
  ])('%s', async (code, expected) => {
    expect(await evaluate(`await (${code})`)).toEqual(expected)
  })
})

describe('endless loops', () => {
  test.each(['for (;;) {}', 'for (;;) await null'])('%s is stopped, and the error names the run', async (loop) => {
    const sandbox = createSandbox(await bundle(`await ctx.sleep('1s'); if (ctx.info.runId === 'bad') { ${loop} }`), { timeoutMs: 100 })
    const bad = begin('bad-run')
    sandbox.activate([begin('good-run'), { ...bad, delivery: { ...bad.delivery, info: { ...info, runId: 'bad' } } as Delivery }])
    const wake = (run: string) => next(run, { type: 'resolve', cmd: 1, value: null })
    expect(() => sandbox.activate([wake('good-run'), wake('bad-run')])).toThrow(SandboxStuck)
    expect(() => sandbox.describe()).toThrow(/gone/)
  })

  test('an endless loop at the top level of a module fails the load', () => {
    expect(() => createSandbox('for (;;) {}', { timeoutMs: 100 })).toThrow(/while the modules were loaded/)
  })
})

test('validateInputs returns the issues that the workflows’ own validators find', async () => {
  const schema = `const schema = { '~standard': { version: 1, vendor: 'x', validate: (v) => v === 1 ? { value: v } : { issues: [{ message: 'not one', path: ['a', { key: 0 }] }] } } }`
  const code = await bundle('return 1', `${schema}; export const other = workflow('other', { input: schema }, () => 1)`)
  const sandbox = createSandbox(code, { timeoutMs: 2000 })
  expect(
    sandbox.validateInputs([
      ['other', '1'],
      ['other', '2'],
      ['missing', '2'],
    ]),
  ).toEqual([[], [{ path: 'a.0', message: 'not one' }], null])
})
