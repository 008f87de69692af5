import { buildBundle } from '../bundle/build-bundle.ts'
import { createMemoryStore } from '../store/memory/create-memory-store.ts'
import { stepRegistry } from '../workflow/step-registry.ts'
import { systemClock } from './clock.ts'
import { createEngine } from './create-engine.ts'
import { writeFileSync } from 'node:fs'
const dir = new URL('./smoke-wf.ts', import.meta.url).pathname
writeFileSync(dir, `import { step, workflow } from '../workflow/index.ts'
export const add = step('add', async (n: number) => n + 1)
export const flaky = step('flaky', { retry: { initial: '10ms' } }, async (n: number, c) => { if (c.attempt < 3) throw new Error('no'); return n })
export const one = workflow('one', {}, async (ctx, n: number) => ctx.run(add, n))
export const five = workflow('five', {}, async (ctx, n: number) => { let x = n; for (let i = 0; i < 5; i++) x = await ctx.run(add, x); return x })
export const sig = workflow('sig', {}, async (ctx, n: number) => { await ctx.sleep('100ms'); const s = await ctx.waitFor('go'); const c = await ctx.child(five, 10); return { s, c, f: await ctx.run(flaky, 7) } })
`)
const built = await buildBundle({ entries: [dir], root: process.cwd() })
await import(dir)
const store = createMemoryStore({ clock: systemClock })
const engine = createEngine({ store, notifier: store.notifier, observe: (f) => { if (f.type === 'trouble' || f.type === 'blocked' || f.type==='lost') console.log(f) } })
setInterval(() => {}, 1e6)
const org = '00000000-0000-7000-8000-000000000001'
await engine.deploy(org, built)
await engine.work({ steps: stepRegistry() })
const r = await engine.start({ org, workflow: 'five', input: 1 })
console.log(r, 'run' in r && (await engine.result(org, r.run, 3000)))
const s = await engine.start({ org, workflow: 'sig', input: 1 })
if ('run' in s) { console.log(await engine.signal(org, s.run, 'go', { hello: 1 })); console.log(await engine.result(org, s.run, 5000), await engine.why(org, s.run)); console.log((await store.history(org, s.run, 0)).map(x=>[x.seq,x.kind,x.cmd,x.name,x.output,x.attempt].join(' '))) }
for (const [wf, n] of [['one', 20000], ['five', 10000]] as const) {
  const t = performance.now(); let i = 0
  await Promise.all(Array.from({ length: 64 }, async () => { while (i < n) { i++; const x = await engine.start({ org, workflow: wf, input: i }); if ('run' in x) await engine.result(org, x.run, 5000) } }))
  console.log(wf, Math.round(n / (performance.now() - t) * 1000), 'runs/s')
}
console.log(await store.violations())
await engine.close(); process.exit(0)
