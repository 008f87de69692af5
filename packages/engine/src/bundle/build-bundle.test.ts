import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSandbox } from '../sandbox/create-sandbox.ts'
import { locateStack } from '../sandbox/locate-stack.ts'
import { buildBundle } from './build-bundle.ts'
import { findEntries, loadProject } from './load-project.ts'
import { stripSteps } from './strip-steps.ts'

async function project(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'orrery-bundle-'))
  onTestFinished(() => rm(root, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return root
}

const HEAD = "import { step, workflow } from '@orrery/engine/workflow'\n"
const WORKFLOW = "export const order = workflow('order', async (ctx, input: { n: number }) => ctx.run(charge, input))\n"
const mixed = (body: string) =>
  `import { readFileSync } from 'node:fs'\n${HEAD}const secret = readFileSync('/etc/passwd', 'utf8')\nconst helper = () => secret + process.env.KEY
export const charge = step('charge', { retry: { max: 3 }, timeout: '5m' }, async (input: { n: number }) => { ${body}; return helper() })\n${WORKFLOW}`

describe('buildBundle', () => {
  test('removes step bodies and everything that only they used', async () => {
    const root = await project({ 'a.ts': mixed('await fetch("http://bank")') })
    const { code, manifest } = await buildBundle({ entries: ['a.ts'], root })
    expect(manifest.workflows.map(({ name }) => name)).toEqual(['order'])
    for (const gone of ['node:fs', 'passwd', 'http://bank', 'process.env.KEY']) expect(code).not.toContain(gone)
  })

  test('a change to a step body or its options keeps text and hash; a change to a workflow does not', async () => {
    const build = async (text: string) => (await buildBundle({ entries: ['a.ts'], root: await project({ 'a.ts': text }) })).hash
    const hash = await build(mixed('const x = 1'))
    expect(await build(mixed('const x = 2; console.log(x)'))).toBe(hash)
    expect(await build(mixed('const x = 1').replace('max: 3', 'max: 4'))).toBe(hash)
    expect(await build(mixed('const x = 1').replace('ctx.run(charge, input)', 'ctx.run(charge, { n: 2 })'))).not.toBe(hash)
  })

  test('the hash does not depend on the project’s folder', async () => {
    const root = await project({
      'workflows/a.ts': `${HEAD}import { n } from 'dep'\nexport const w = workflow('w', () => n)`,
      'node_modules/dep/package.json': '{"name":"dep","version":"1.0.0","main":"index.js"}',
      'node_modules/dep/index.js': 'exports.n = 1',
    })
    const elsewhere = join(await project({}), 'deep', 'down')
    await cp(root, elsewhere, { recursive: true })
    const [one, two] = await Promise.all([root, elsewhere].map((at) => buildBundle({ entries: ['workflows/a.ts'], root: at })))
    expect(one?.hash).toBe(two?.hash)
    expect(one?.code).toBe(two?.code)
  })

  test('reports a Node builtin used by workflow code, with the file that imports it', async () => {
    const root = await project({
      'a.ts': `${HEAD}import { load } from './load.ts'\nexport const w = workflow('w', () => load())`,
      'load.ts': "import { readFileSync } from 'fs'\nexport const load = () => readFileSync('/x', 'utf8')",
    })
    await expect(buildBundle({ entries: ['a.ts'], root })).rejects.toThrow('load.ts: workflow code may not use node:fs; do it in a step')
  })

  test('errors name file, line and column', async () => {
    const broken = await project({ 'a.ts': `${HEAD}export const = 1` })
    await expect(buildBundle({ entries: ['a.ts'], root: broken })).rejects.toThrow(/^a\.ts:2:14: /)
    const missing = await project({ 'a.ts': `${HEAD}\n\nimport { x } from './nowhere.ts'\nexport const w = workflow('w', () => x)` })
    await expect(buildBundle({ entries: ['a.ts'], root: missing })).rejects.toThrow('a.ts:4:19: cannot find "./nowhere.ts"')
  })

  test('rejects a module that throws, calls import() or exports no workflow', async () => {
    const refuse = async (text: string, message: RegExp) =>
      expect(buildBundle({ entries: ['a.ts'], root: await project({ 'a.ts': HEAD + text }) })).rejects.toThrow(message)
    await refuse("export const w = workflow('w', () => 1)\nif (w) throw new Error('at load')", /cannot be loaded: .*at load/)
    await refuse("export const w = workflow('w', (ctx, i: { m: string }) => import(i.m))", /may not use import\(\)/)
    await refuse('export const nothing = 1', /no module exports a workflow/)
    await refuse("export const w = workflow('w', () => 1)\nexport const v = workflow('w', () => 2)", /two workflows are named w/)
  })
})

describe('stacks', () => {
  const source = (filler = '') => `${HEAD}import { fail } from './fail.ts'
interface Order { readonly id: string }${filler}
export const w = workflow('w', async (ctx, order: Order) => {
  for (let i = 0; i < 3; i++) if (i === 2) {
    await ctx.sleep('1ms')
    while (true) { for (const c of order.id) if (c === '!') break; fail(order.id) }
  }
})`
  const fail = 'interface Unused { n: number }\nexport function fail(id: string): never {\n  throw new TypeError(`bad ${id}`)\n}'

  test('of workflows have the author’s files and lines, and nothing of the machine that drives them', async () => {
    const root = await project({ 'flows/a.ts': source(), 'flows/fail.ts': fail })
    const { code, map } = await buildBundle({ entries: ['flows/a.ts'], root })
    const sandbox = createSandbox(code, { timeoutMs: 1000 })
    const info = { runId: 'r', orgId: 'o', workflow: 'w', version: 'v', parentRunId: null, scopes: [] }
    const start = { type: 'start', workflow: 'w', input: { id: 'x!y' }, seed: 's', info, patches: [] } as const
    sandbox.activate([{ run: 'r', at: 0, replaying: false, delivery: start }])
    const [reaction] = sandbox.activate([{ run: 'r', at: 1, replaying: false, delivery: { type: 'resolve', cmd: 1, value: null } }])
    const stack = reaction?.completion?.type === 'failed' ? (reaction.completion.error.stack ?? '') : ''
    expect(stack).toContain('workflow-bundle.js')
    expect(locateStack(stack, code, map ?? '').split('\n')).toEqual([
      'TypeError: bad x!y',
      expect.stringMatching(/^ {4}at fail\d* \(flows\/fail\.ts:3:9\)$/),
      expect.stringMatching(/^ {4}at .*flows\/a\.ts:7:68\)?$/),
    ])
    for (const broken of ['', '{', '{}', 'null', '{"version":3,"sources":[],"mappings":"%%%%"}'])
      expect(locateStack(stack, code, broken)).toMatch(/^TypeError: bad x!y/)
  })

  test('do not make other versions: a moved line changes the map, and neither text nor hash', async () => {
    const build = async (filler: string) =>
      buildBundle({ entries: ['a.ts'], root: await project({ 'a.ts': source(filler), 'fail.ts': fail }) })
    const [one, two] = await Promise.all([build(''), build('\n\n// moved')])
    expect([two.hash, two.code]).toEqual([one.hash, one.code])
    expect(two.map).not.toBe(one.map)
  })

  test('of modules that do not load say where', async () => {
    const root = await project({
      'a.ts': `${HEAD}interface A { b: string }\nexport const w = workflow('w', () => 1)\nif (w) throw new Error('at load')`,
    })
    await expect(buildBundle({ entries: ['a.ts'], root })).rejects.toThrow(/^a\.ts:4:14: the workflow modules cannot be loaded: .*at load/)
  })
})

test('no process of esbuild stays once builds are done', async () => {
  const root = await project({ 'a.ts': `${HEAD}${WORKFLOW}`.replace('charge, input', "step('charge'), input") })
  const script = `
    import { readdirSync, readFileSync } from 'node:fs'
    import { buildBundle, buildSteps } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
    const request = { entries: ['a.ts'], root: ${JSON.stringify(root)} }
    await Promise.all([buildBundle(request), buildSteps(request)])
    await buildBundle(request)
    const isChild = (pid) => {
      try { return readFileSync('/proc/' + pid + '/stat', 'utf8').split(' ')[3] === String(process.pid) } catch { return false }
    }
    while (readdirSync('/proc').some((name) => /^\\d+$/.test(name) && isChild(name))) await new Promise((done) => setImmediate(done))`
  const args = ['--conditions=orrery-source', '--input-type=module', '--eval', script]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 })
  expect(stderr).toBe('')
  expect(status).toBe(0)
}, 40_000)

describe('stripSteps', () => {
  test('strips steps imported under another name or by namespace, and leaves other functions named step alone', () => {
    const text = stripSteps(
      "import { step as durable } from '@orrery/sdk'\nimport * as o from '@orrery/sdk'\nimport { step } from './mine.js'\nexport const a = durable('a', () => 11)\nexport const b = o.txStep('b', {}, () => 22)\nexport const c = step('c', () => 33)",
    )
    expect(text).not.toMatch(/11|22/)
    expect(text).toContain('33')
  })

  test('removes the top-level statements of a module that exports only steps', () => {
    const text = stripSteps(
      "import { step } from '@orrery/sdk'\nimport db from './db.js'\ndb.connect()\nconst a = step('a', () => db.x)\nexport { a }",
    )
    expect(text).not.toMatch(/db/)
    expect(text).toMatch(/const a = step\('a'\s*\)/)
  })
})

describe('loadProject', () => {
  test('finds the modules, builds the bundle and loads the step bodies, and does so again after a change', async () => {
    const steps = (value: number) =>
      `import { step } from '@orrery/engine/workflow'\nexport const charge = step('charge', { timeout: '1m' }, async () => ${value})`
    const root = await project({
      'workflows/order.ts': `${HEAD.replace('step, ', '')}import { charge } from './deep/steps.ts'\n${WORKFLOW.replace('ctx.run(charge, input)', 'ctx.run(charge)')}`,
      'workflows/deep/steps.ts': steps(1),
      'workflows/order.test.ts': 'throw new Error("not a workflow")',
    })
    const first = await loadProject(root)
    expect(first.entries).toEqual(['workflows/deep/steps.ts', 'workflows/order.ts'])
    expect(first.steps.names()).toEqual(['charge'])
    expect(first.steps.find('charge')?.timeoutMs).toBe(60_000)
    await writeFile(join(root, 'workflows/deep/steps.ts'), steps(2))
    const second = await loadProject(root)
    expect(second.bundle.hash).toBe(first.bundle.hash)
    const values = [first, second].map(({ steps }) => steps.find('charge')?.body(undefined as never, undefined as never))
    expect(await Promise.all(values)).toEqual([1, 2])
  })

  test('package.json can set other globs', async () => {
    const root = await project({ 'package.json': '{"orrery":{"workflows":["src/*.flow.ts"]}}', 'src/a.flow.ts': '', 'src/b.ts': '' })
    expect(await findEntries(root)).toEqual(['src/a.flow.ts'])
  })
})
