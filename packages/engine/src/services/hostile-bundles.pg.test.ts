/**
 * What a deployed bundle does ends neither the server nor other runs: its run is blocked with the reason. Real processes,
 * PostgreSQL. The bundles here were not built by `buildBundle`, which would refuse most of them.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import type { BuiltBundle, TransactionalEngine } from '../api.ts'
import { buildBundle } from '../bundle/build-bundle.ts'
import { insertsOf } from '../sandbox/compile-bundle.ts'
import { containBundles } from '../sandbox/contain-bundles.ts'
import { createPostgresStore } from '../store/postgres/index.ts'
import type { RunId } from '../store/store.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { createEngine } from './engine/create-engine.ts'
import './fixtures/workflows.ts'
import type { EngineFact } from './observe.ts'

const CALL_MS = 1500
const MEMORY_MB = 200

/** A bundle whose answer to activations is `body`, an expression or statements with `list` and `done`. */
function hostile(body: string, top = ''): BuiltBundle {
  const workflow = { name: 'hostile', description: null, inputSchema: null, outputSchema: null, options: {}, validates: false }
  const manifest = { protocol: 1, workflows: [workflow, { ...workflow, name: 'checked', validates: true }] }
  const code = `
    ${top}
    const done = (list, completion = { type: 'succeeded', output: null }) =>
      JSON.stringify(list.map(({ run, delivery }) => ({ run, commands: [], ...(delivery.type === 'evict' ? {} : { completion }) })))
    const act = (list) => { ${body} }
    Object.defineProperty(globalThis, '__orrery', { value: {
      describe: () => ${JSON.stringify(JSON.stringify(manifest))},
      activate: (batch) => act(JSON.parse(batch)),
      validateInputs: (batch) => { ${top.includes('validate') ? 'return validate(batch)' : "return '[[]]'"} },
      currentRun: () => '',
    } })`
  return { hash: createHash('sha256').update(code).digest('hex'), code, manifest }
}

/** A bundle that loops, and that calls the run in which it does so `run`. */
function stuckIn(run: string): BuiltBundle {
  const code = hostile('for (;;) {}').code.replace("currentRun: () => ''", `currentRun: () => ${run}`)
  return { ...hostile(''), code, hash: createHash('sha256').update(code).digest('hex') }
}

/** A failure with a stack, and with these further members. */
const thrown = (members = '') =>
  `(() => { const { name, message, stack } = new Error('x'); return { name, message, stack, kind: 'error' ${members} } })()`

/** Node.js makes a list of this length. */
const HUGE_MAP = JSON.stringify({ version: 3, sources: { length: 1e9 }, names: [], mappings: 'AAAA' })

/** A reaction to `start` with these members, and an end to everything else. */
const reacts = (members: string) => hostile(`return JSON.stringify(list.map(({ run }) => ({ run, commands: [], ${members} })))`)
const commands = (...list: readonly unknown[]) => reacts(`commands: ${JSON.stringify(list)}`)
const step = { type: 'step', cmd: 1, name: 'double', args: [1], options: {} }

let database: TestDatabase
let good: BuiltBundle
let engine: TransactionalEngine
const facts: EngineFact[] = []
const observers = new Set<(fact: EngineFact) => void>()

const observe = (fact: EngineFact): void => {
  facts.push(fact)
  for (const observer of observers) observer(fact)
}

beforeAll(async () => {
  database = await createTestDatabase()
  good = await buildBundle({ entries: ['fixtures/workflows.ts'], root: import.meta.dirname })
})
afterAll(() => database.drop())
beforeEach(async () => {
  const store = createPostgresStore({ url: database.url, poolMax: 4 })
  const hosts = containBundles({ callMs: CALL_MS, memoryMb: MEMORY_MB })
  facts.length = 0
  engine = createEngine({ store, notifier: store.notifier, hosts, observe, beatMs: 100 })
  await engine.work({ steps: stepRegistry() })
})
afterEach(() => engine.close())

async function deploy(...bundles: readonly BuiltBundle[]): Promise<string> {
  const org = randomUUID()
  for (const bundle of bundles) await engine.deploy(org, bundle)
  return org
}

async function start(org: string, workflow: string, input: number | null = null, version?: string): Promise<RunId> {
  const outcome = await engine.start({ org, workflow, input, ...(version === undefined ? {} : { version }) })
  if (!('run' in outcome)) throw new Error(JSON.stringify(outcome))
  return outcome.run
}

/** A run that waits for two signals, with its coroutine in memory. */
async function startNeighbour(org: string): Promise<() => Promise<void>> {
  const run = await start(org, 'pair')
  await expect.poll(async () => (await engine.why(org, run)).waits.length, { timeout: 20_000 }).toBe(1)
  return async () => {
    await engine.signal(org, run, 'a', 1)
    await engine.signal(org, run, 'b', 2)
    expect((await engine.result(org, run, 20_000))?.status).toBe('succeeded')
  }
}

const blocked = async (org: string, run: RunId) => {
  await expect.poll(async () => (await engine.why(org, run)).state, { timeout: 40_000 }).toBe('blocked')
  return (await engine.why(org, run)).summary
}

describe('a run whose code takes its sandbox down is blocked the second time, and its neighbours end', () => {
  test.each([
    [
      'an endless loop that is not counted',
      hostile('const again = (depth) => depth > 0 && [1, 2].map(() => again(depth - 1)); again(60); return done(list)'),
      /did not answer within|memory/,
    ],
    ['endless microtasks', hostile('(function again() { Promise.resolve().then(again) })(); return done(list)'), /did not answer within/],
    ['a regular expression', hostile("/^(a+)+$/.test('a'.repeat(40) + 'b'); return done(list)"), /did not answer within/],
    [
      'memory of the heap',
      hostile('const all = new Map(); [...Array(1e6)].forEach(function grow() { for (let i = 0; i < 1e5; i++) all.set({}, [i]) })'),
      /memory|did not answer/,
    ],
    [
      'memory of buffers',
      hostile('const all = []; while (all.length < 100) all.push(new Uint8Array(1e8).fill(1)); return done(list)'),
      /more than 200 MB|memory|did not answer/,
    ],
    [
      'memory while it is loaded',
      hostile('return done(list)', 'const all = []; while (all.length < 100) all.push(new Uint8Array(1e8).fill(1))'),
      /more than 200 MB|memory|did not answer/,
    ],
  ])('%s', async (_what, bundle, reason) => {
    const org = await deploy(good, bundle)
    const finishNeighbour = await startNeighbour(org)
    const finishStranger = await startNeighbour(await deploy(good))
    const run = await start(org, 'hostile')
    expect(await blocked(org, run)).toMatch(reason)
    expect(await blocked(org, run)).toMatch(/ended its sandbox twice/)
    await finishNeighbour()
    facts.length = 0
    await finishStranger()
    expect(facts.filter(({ type }) => type === 'replayed' || type === 'lost')).toEqual([])
  })
})

describe('a run whose code answers what the protocol does not have is blocked with the place', () => {
  const bad: readonly (readonly [string, BuiltBundle, RegExp])[] = [
    ['no JSON', hostile("return 'not JSON'"), /JSON/],
    ['no text', hostile('return 7'), /returned number/],
    ['an object in place of a list', hostile("return '{}'"), /answered 1 activations with an object/],
    ['too few reactions', hostile("return '[]'"), /an array of 0/],
    ['a text of 40 MB', hostile("return JSON.stringify('x'.repeat(4e7))"), /40000002 characters; at most 16777216/],
    ['a million values', hostile("return '[' + '[],'.repeat(1e6) + '0]'"), /has 2000001 values; at most 250000/],
    [
      'more commands than a turn may have',
      hostile(
        `return '[{"run":"' + list[0].run + '","commands":[' + '{"type":"drop","cmd":1},'.repeat(20000) + '{"type":"drop","cmd":1}]}]'`,
      ),
      /begins 20001 things in one turn; at most 10000/,
    ],
    ['a reaction to another run', reacts("run: 'other'"), /the reaction is about "other"/],
    ['commands that are no list', reacts('commands: {}'), /commands is an object; expected an array/],
    ['an unknown command', commands({ type: 'constructor', cmd: 1 }), /commands\[0\]\.type is "constructor"/],
    ['a command without a number', commands({ ...step, cmd: null }), /commands\[0\]\.cmd is null; expected a whole number/],
    ['a number beyond the column', commands({ ...step, cmd: 1e15 }), /commands\[0\]\.cmd/],
    ['a step without arguments', commands({ ...step, args: undefined }), /commands\[0\]\.args is undefined/],
    ['a step without a name', commands({ ...step, name: { toString: 1 } }), /commands\[0\]\.name is an object/],
    ['a name with NUL', commands({ ...step, name: 'a\0' }), /without NUL/],
    ['options that are no object', commands({ ...step, options: null }), /commands\[0\]\.options is null/],
    ['a retry policy without members', commands({ ...step, options: { retry: {} } }), /options\.retry\.maxAttempts is undefined/],
    ['a timer without a time', commands({ type: 'sleep', cmd: 1, until: 'soon' }), /until is "soon"; expected a number/],
    ['a timer beyond all dates', commands({ type: 'sleep', cmd: 1, until: 1e300 }), /until is 1e\+300/],
    ['a signal whose end is a text', commands({ type: 'signal', cmd: 1, name: 'a', until: '' }), /until is ""/],
    [
      'a child with tags of objects',
      commands({ type: 'child', cmd: 1, workflow: 'w', input: 1, options: { tags: [{}] }, detached: false }),
      /tags\[0\]/,
    ],
    ['a log line at no level', commands({ type: 'log', level: '__proto__', message: '', data: null }), /level is "__proto__"/],
    ['an unknown end', reacts("completion: { type: 'vanished' }"), /completion\.type is "vanished"/],
    ['a failure that is a text', reacts("completion: { type: 'failed', error: 'no' }"), /completion\.error is "no"; expected an object/],
    [
      'causes without end',
      reacts("completion: { type: 'failed', error: { name: 'E', message: '', kind: 'error', cause: 1 } }"),
      /error\.cause is 1/,
    ],
    ['an error of its own', hostile("throw new RangeError('mine')"), /RangeError: mine/],
    ['an error with a hostile message', hostile('throw { get message() { for (;;) {} } }'), /./],
    ['an error while it is loaded', hostile('return done(list)', "throw new Error('at the top')"), /at the top/],
    ['a loop while it is loaded', hostile('return done(list)', 'for (;;) {}'), /while the modules were loaded/],
    ['a loop in a run with a name of megabytes', stuckIn("'r'.repeat(1e7)"), /^.{0,200}did not return control/],
    ['no interface', { ...hostile(''), code: 'globalThis.nothing = 1', hash: 'none' }, /__orrery/],
  ]
  test('without harm to other runs', { timeout: 120_000 }, async () => {
    const org = await deploy(good)
    const finishNeighbour = await startNeighbour(org)
    for (const [what, bundle, reason] of bad) {
      const hostileOrg = await deploy(bundle)
      expect(await blocked(hostileOrg, await start(hostileOrg, 'hostile')), what).toMatch(reason)
    }
    await finishNeighbour()
  })
})

describe('what callers wait for is answered', () => {
  const hang = "/^(a+)+$/.test('a'.repeat(40) + 'b')"

  test.each([
    ['a regular expression', `const validate = () => { ${hang}; return '[[]]' }`, /validator of the input failed/],
    [
      'memory',
      'const validate = () => { const all = []; while (all.length < 100) all.push(new Uint8Array(1e8).fill(1)) }',
      /validator of the input failed/,
    ],
    ['no list', "const validate = () => '7'", /as many inputs/],
    ['issues without members', "const validate = () => '[[{}]]'", /list of issues/],
    ['an error', "const validate = () => { throw new Error('mine') }", /mine/],
    [
      'a message of megabytes',
      "const validate = () => JSON.stringify([[{ path: 'p'.repeat(3e6), message: 'x'.repeat(3e6) }]])",
      /^x{8000}$/,
    ],
  ])('a validator: %s', async (_what, top, message) => {
    const org = await deploy(good, hostile('return done(list)', top))
    const finishNeighbour = await startNeighbour(org)
    const outcome = await engine.start({ org, workflow: 'checked', input: 1 })
    expect(outcome).toMatchObject({ type: 'invalid_input', issues: [{ message: expect.stringMatching(message) }] })
    expect(JSON.stringify(outcome).length).toBeLessThan(20_000)
    await finishNeighbour()
  })

  test('a query', async () => {
    const asks = "list.some(({ delivery }) => delivery.type === 'query')"
    const bundle = hostile(
      `if (${asks}) ${hang}; return JSON.stringify(list.map(({ run, delivery }) => ({ run, commands: delivery.type === 'start' ? [${JSON.stringify({ type: 'signal', cmd: 1, name: 'a', until: null })}] : [] })))`,
    )
    const org = await deploy(good, bundle)
    const finishNeighbour = await startNeighbour(org)
    const run = await start(org, 'hostile')
    await expect.poll(async () => (await engine.why(org, run)).waits.length, { timeout: 20_000 }).toBe(1)
    expect(await engine.query(org, run, 'any', null)).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/did not answer within/) },
    })
    await finishNeighbour()
    expect((await engine.why(org, run)).state).not.toBe('blocked')
  })

  test('the description of code that hangs, that takes all memory, or that describes nothing', async () => {
    const org = await deploy(good)
    await expect(engine.describeBundle(org, 'for (;;) {}')).rejects.toThrow(/while the modules were loaded/)
    await expect(engine.describeBundle(org, hang)).rejects.toThrow(/while the modules were loaded|did not answer/)
    await expect(
      engine.describeBundle(org, 'const all = []; while (all.length < 100) all.push(new Uint8Array(1e8).fill(1))'),
    ).rejects.toThrow(/memory|did not answer/)
    await expect(engine.describeBundle(org, '1')).rejects.toThrow(/__orrery/)
  })
})

test('the check of a deploy names the runs on which the new code hangs, and no others', async () => {
  const waits = JSON.stringify({ type: 'signal', cmd: 1, name: 'a', until: null })
  const reaction = `JSON.stringify(list.map(({ run, delivery }) => ({ run, commands: delivery.type === 'start' ? [${waits}] : [] })))`
  const org = await deploy(good, hostile(`return ${reaction}`))
  const runs: RunId[] = []
  for (const input of [1, 0, 1, 1, 1, 0, 1, 1]) runs.push(await start(org, 'hostile', input))
  for (const run of runs) await expect.poll(async () => (await engine.why(org, run)).state, { timeout: 20_000 }).toBe('waiting')
  const changed = hostile(`if (list.some(({ delivery }) => delivery.input === 1)) for (;;) {} return ${reaction}`)
  const found = new Map<RunId, boolean>()
  for await (const { run, ok } of engine.checkDeploy(org, changed)) found.set(run, ok)
  expect(runs.map((run) => found.get(run))).toEqual([1, 0, 1, 1, 1, 0, 1, 1].map((input) => input === 0))
})

test('a bad answer about some runs of a call blocks these, and no other run of the call', async () => {
  const wait = JSON.stringify({ type: 'signal', cmd: 1, name: 'a', until: null })
  const end = JSON.stringify({ type: 'succeeded', output: 'good' })
  const org = await deploy(
    hostile(`return JSON.stringify(list.map(({ run, delivery: { type, input } }) =>
      type === 'start' ? { run, commands: input === 1 ? 'none' : [${wait}] } : { run, commands: [], ...(type === 'evict' ? {} : { completion: ${end} }) }))`),
  )
  const inputs = [0, 1, 0, 0, 1, 0, 0, 0]
  const runs = await Promise.all(inputs.map((input) => start(org, 'hostile', input)))
  const states = () => Promise.all(runs.map(async (run) => (await engine.why(org, run)).state))
  await expect.poll(states, { timeout: 20_000 }).toEqual(inputs.map((input) => (input === 1 ? 'blocked' : 'waiting')))
  for (const run of runs) await engine.signal(org, run, 'a', 1)
  const good = runs.filter((_, index) => inputs[index] === 0)
  for (const run of good) expect((await engine.result(org, run, 20_000))?.output).toBe('"good"')
})

test('an error of megabytes is cut before it becomes a result and an event', async () => {
  const cause = `{ name: 'E', message: 'y'.repeat(1e6), kind: 'error' }`
  const error = `{ name: 'n'.repeat(1e6), message: 'x'.repeat(5e6), kind: 'error', stack: 's'.repeat(1e6), details: ['d'.repeat(1e6)], cause: ${cause} }`
  const org = await deploy(reacts(`completion: { type: 'failed', error: ${error} }`))
  const answer = await engine.result(org, await start(org, 'hostile'), 20_000)
  expect(answer?.error).toMatchObject({ message: expect.stringMatching(/^x{8000}… \(4992000 more characters\)$/) })
  expect(JSON.stringify(answer?.error).length).toBeLessThan(30_000)
})

test('data of a log line of megabytes are left out', async () => {
  const line = `[{ type: 'log', level: 'info', message: 'm', data: ['x'.repeat(3e6)] }]`
  const org = await deploy(reacts(`commands: ${line}, completion: { type: 'succeeded', output: null }`))
  await engine.result(org, await start(org, 'hostile'), 20_000)
  await expect
    .poll(() => facts.find(({ type }) => type === 'log'))
    .toMatchObject({ message: 'm', data: 'data of 3000004 characters were left out' })
})

test.each([
  // As without memory, and as without the program or file handles.
  ['at once', 'a\0b'],
  ['later', '/nowhere/node'],
])('a machine that cannot start a process, which it says %s, blocks no run and is asked again calmly', async (_when, missing) => {
  const node = process.execPath
  const org = await deploy(good)
  const claims: number[] = []
  observers.add((fact) => fact.type === 'claimed' && fact.runs > 0 && claims.push(performance.now()))
  process.execPath = missing
  try {
    const run = await start(org, 'pair')
    await expect.poll(() => claims.length, { timeout: 20_000 }).toBeGreaterThan(2)
    expect((claims[2] ?? 0) - (claims[0] ?? 0)).toBeGreaterThan(1500)
    process.execPath = node
    await engine.signal(org, run, 'a', 1)
    await engine.signal(org, run, 'b', 2)
    expect((await engine.result(org, run, 20_000))?.status).toBe('succeeded')
  } finally {
    process.execPath = node
    observers.clear()
  }
})

describe('a bundle that reaches what is outside of its context', () => {
  /** Node.js formats stacks with a function of its own. Where the stack is nearly full, that function throws an error of its own realm. */
  const ESCAPE = `const escape = () => {
    let foreign = null
    const probe = (error) => { if (typeof error === 'object' && error !== null && !(error instanceof Object)) foreign ??= error }
    for (let size = 0; size < 80 && foreign === null; size++) {
      let tries = 0
      const fill = function (...some) {
        try { fill(...some) } catch (error) { probe(error) }
        try { if (foreign === null && tries++ < 400) void new Error('a').stack } catch (error) { probe(error) }
      }
      fill(...Array(size).keys())
    }
    return foreign
  }`
  /** What can be changed of all that can be reached from a value. */
  const OPEN = `const openFrom = (value) => {
    const seen = new Set()
    const open = []
    const visit = (at, path) => {
      if (at === null || (typeof at !== 'object' && typeof at !== 'function') || seen.has(at)) return
      seen.add(at)
      if (path !== 'error' && !Object.isFrozen(at)) open.push(path)
      visit(Object.getPrototypeOf(at), path + '.__proto__')
      for (const name of Reflect.ownKeys(at)) {
        let inner
        try { inner = at[name] } catch { continue }
        visit(inner, path + '.' + String(name))
      }
    }
    visit(value, 'error')
    return open
  }`

  test('can make no code there and change nothing', async () => {
    const bundle = hostile(
      `const error = escape()
      const made = []
      for (const of of [error, error?.constructor, Reflect.ownKeys(error ?? {})])
        try { made.push(typeof of.constructor.constructor('return process')()) } catch (refusal) { made.push(refusal.name) }
      return done(list, { type: 'succeeded', output: { isOutside: error !== null, made, open: openFrom(error) } })`,
      `${ESCAPE}\n${OPEN}`,
    )
    const org = await deploy(bundle)
    const result = await engine.result(org, await start(org, 'hostile'), 20_000)
    // If a newer Node.js throws no such error, the rest of this test proves nothing.
    expect(JSON.parse(result?.output ?? 'null')).toEqual({ isOutside: true, made: ['EvalError', 'EvalError', 'EvalError'], open: [] })
  })
})

const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)

test('processes beyond the limit end if no run is in work, and start again', async () => {
  const hosts = containBundles({ memoryMb: MEMORY_MB, processesMax: 2 })
  const before = children()
  const held = new Set(['a'])
  const open = (org: string) => hosts.open(org, good.code, { onLost: () => {}, isHeld: () => held.has(org) })
  try {
    const [first, ...others] = ['a', 'b', 'c', 'd'].map(open)
    for (const host of [first, ...others]) expect((await host?.describe())?.workflows).toHaveLength(good.manifest.workflows.length)
    await expect.poll(() => children().filter((pid) => !before.includes(pid))).toHaveLength(2)
    expect((await first?.describe())?.protocol).toBe(1)
    await expect(others[0]?.describe()).rejects.toMatchObject({ name: 'SandboxLost', isCulprit: false })
    expect((await open('b').describe()).protocol).toBe(1)
  } finally {
    hosts.close()
  }
})

test('processes beyond the limit end as soon as their runs have ended', async () => {
  const hosts = containBundles({ memoryMb: MEMORY_MB, processesMax: 1 })
  const before = children()
  const own = () => children().filter((pid) => !before.includes(pid))
  const held = new Set(['a', 'b', 'c'])
  try {
    const opened = [...held].map((org) => hosts.open(org, good.code, { onLost: () => {}, isHeld: () => held.has(org) }))
    for (const host of opened) await host.describe()
    expect(own()).toHaveLength(3)
    held.delete('a')
    held.delete('b')
    await expect.poll(own, { timeout: 10_000 }).toHaveLength(1)
    expect((await opened[2]?.describe())?.protocol).toBe(1)
  } finally {
    hosts.close()
  }
})

test('a process that has ended takes no place from another', async () => {
  const hosts = containBundles({ memoryMb: MEMORY_MB, processesMax: 2 })
  const open = (org: string) => hosts.open(org, good.code, { onLost: () => {}, isHeld: () => false })
  try {
    const [living, ending] = [open('a'), open('b')]
    await living.describe()
    const before = children()
    await ending.describe()
    for (const pid of children().filter((each) => !before.includes(each))) process.kill(Number(pid), 'SIGKILL')
    await expect.poll(() => ending.describe().catch((error: Error) => error.name), { timeout: 10_000 }).toBe('SandboxLost')
    expect((await open('c').describe()).protocol).toBe(1)
    expect((await living.describe()).protocol).toBe(1)
  } finally {
    hosts.close()
  }
})

test('a process that works on a call is not idle, however long the call takes', async () => {
  const hosts = containBundles({ memoryMb: MEMORY_MB, idleMs: 200 })
  const { code } = hostile('for (const end = Date.now() + 1000; Date.now() < end; ) Array(1e5).fill(0).map(Math.sqrt); return done(list)')
  try {
    const host = hosts.open('a', code, { onLost: () => {}, isHeld: () => false })
    expect(await host.activate([{ run: 'r', at: 0, replaying: false, delivery: { type: 'evict' } }])).toHaveLength(1)
  } finally {
    hosts.close()
  }
})

test('a bundle answers for no other bundle of its process', async () => {
  const lines = (text: string) =>
    hostile(`for (const end = Date.now() + 300; Date.now() < end; ); return done(list) + ${JSON.stringify(text)}`)
  const org = randomUUID()
  const hosts = containBundles({ callMs: CALL_MS, memoryMb: MEMORY_MB })
  const owner = { onLost: () => {}, isHeld: () => true }
  const first = hosts.open(org, lines('\n+"forged"').code, owner)
  const second = hosts.open(org, lines('').code, owner)
  const activation = { run: 'a', at: 0, replaying: false, delivery: { type: 'evict' } } as const
  try {
    await second.activate([])
    const [own, other] = await Promise.allSettled([first.activate([activation]), second.activate([activation])])
    expect(own).toMatchObject({ status: 'rejected' })
    expect(other).toEqual({ status: 'fulfilled', value: [{ run: 'a', commands: [] }] })
  } finally {
    hosts.close()
  }
})

test('the places of an error in megabytes of code are looked up outside of this process', async () => {
  const functions = Array.from({ length: 20_000 }, (_, index) => `function f${index}(a, b) { return a * b + ${index} }`)
  const large = hostile(`return done(list, { type: 'failed', error: ${thrown()} })`, functions.join('\n'))
  const begun = performance.now()
  insertsOf(large.code)
  const parseMs = performance.now() - begun
  const map = JSON.stringify({
    version: 3,
    sources: ['flows/a.ts'],
    names: [],
    mappings: `${';'.repeat(functions.length)}${';AAAA'.repeat(20)}`,
  })
  const org = await deploy({ ...large, map })
  const delays = monitorEventLoopDelay({ resolution: 1 })
  const run = await start(org, 'hostile')
  delays.enable()
  const result = await engine.result(org, run, 30_000)
  delays.disable()
  expect(result?.error?.stack).toContain('at act (flows/a.ts:1:1)')
  expect(delays.max / 1e6).toBeLessThan(parseMs / 2)
})

test('a source map that ends the process fails the run without places, and the next without a new process', async () => {
  const org = await deploy(good, { ...hostile(`return done(list, { type: 'failed', error: ${thrown()} })`), map: HUGE_MAP })
  const finishNeighbour = await startNeighbour(org)
  const fail = async () => (await engine.result(org, await start(org, 'hostile'), 30_000))?.error?.stack
  expect(await fail()).toMatch(/at act \(workflow-bundle\.js:\d+:\d+\)/)
  await finishNeighbour()
  const before = children()
  expect(await fail()).toMatch(/at act \(workflow-bundle\.js:\d+:\d+\)/)
  expect(children()).toEqual(before)
})

test('an error with thousands of others in it is cut before it becomes a result', async () => {
  const errors = (depth: number): string => thrown(depth === 0 ? '' : `, errors: Array.from({ length: 10 }, () => ${errors(depth - 1)})`)
  const map = JSON.stringify({ version: 3, sources: ['s'.repeat(1000)], names: [], mappings: ';AAAA'.repeat(100) })
  const org = await deploy({ ...hostile(`return done(list, { type: 'failed', error: ${errors(4)} })`), map })
  const answer = await engine.result(org, await start(org, 'hostile'), 30_000)
  expect(answer?.error).toMatchObject({ name: 'Error', message: 'x', errors: expect.any(Array) })
  expect(JSON.stringify(answer?.error).length).toBeLessThan(200_000)
})

test('code that continues as new without end is blocked', async () => {
  const org = await deploy(good, hostile("return done(list, { type: 'continued', input: 1 })"))
  const finishNeighbour = await startNeighbour(org)
  const run = await start(org, 'hostile')
  expect(await blocked(org, run)).toMatch(/continued as new 1000 times, one after another, without a step or a wait/)
  await finishNeighbour()
})

test('generated answers are blocked or carried out, and the worker lives', { timeout: 120_000 }, async () => {
  const members = [
    'type',
    'cmd',
    'name',
    'args',
    'options',
    'until',
    'workflow',
    'input',
    'detached',
    'id',
    'level',
    'message',
    'data',
    'output',
    'error',
    'timedOut',
  ]
  const types = ['step', 'sleep', 'signal', 'child', 'drop', 'patch', 'log', 'succeeded', 'failed', 'cancelled', 'continued']
  const value = fc.oneof(
    fc.constantFrom(...types),
    fc.constantFrom(1, 2, -1, 0.5, 1e12, 'double', '', null, true, [], {}, 'a\0b'),
    fc.jsonValue({ maxDepth: 2 }),
  )
  const shape = fc.dictionary(fc.constantFrom(...members), value, { maxKeys: 8 })
  const sure = fc.record({
    type: fc.constantFrom(...types),
    cmd: fc.constantFrom(1, 2),
    name: fc.constantFrom('double', 'a'),
    args: value,
    options: fc.constantFrom({}, { timeoutMs: -1 }, { queue: 'none' }),
    until: fc.constantFrom(null, 0, 1e15),
    workflow: fc.constantFrom('five', 'hostile', 'none'),
    input: value,
    detached: fc.boolean(),
    id: fc.constantFrom('a', ''),
    level: fc.constant('info'),
    message: fc.string(),
    data: value,
    output: value,
    error: value,
    timedOut: fc.boolean(),
  })
  const reaction = fc.record(
    { commands: fc.array(fc.oneof(shape, sure), { maxLength: 4 }), completion: fc.oneof(shape, sure) },
    { requiredKeys: ['commands'] },
  )
  const seed = Number(process.env.ORRERY_TEST_SEED ?? Date.now() % 1e6)
  const reactions = fc.sample(reaction, { numRuns: 60, seed })
  const org = await deploy(good)
  const finishNeighbour = await startNeighbour(org)
  for (const made of reactions) {
    const bundle = hostile(
      `return JSON.stringify(list.map(({ run, delivery }) => ({ run, commands: [], ...(delivery.type === 'start' ? ${JSON.stringify(made)} : {}) })))`,
    )
    await engine.saveBundle(org, bundle)
    const run = await start(org, 'hostile', null, bundle.hash)
    // Some wait forever, some continue as new without end: whatever they do, they can be ended.
    await expect.poll(async () => (await engine.why(org, run)).state, { timeout: 30_000 }).not.toBe('ready')
    await engine.cancel(org, run, 'enough', { terminate: true })
    expect(await engine.result(org, run, 30_000), `seed ${seed}: ${JSON.stringify(made)}`).not.toBeNull()
  }
  await finishNeighbour()
})
