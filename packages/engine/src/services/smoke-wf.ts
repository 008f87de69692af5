import { step, workflow } from '../workflow/index.ts'
export const add = step('add', async (n: number) => n + 1)
export const flaky = step('flaky', { retry: { initial: '10ms' } }, async (n: number, c) => { if (c.attempt < 3) throw new Error('no'); return n })
export const one = workflow('one', {}, async (ctx, n: number) => ctx.run(add, n))
export const five = workflow('five', {}, async (ctx, n: number) => { let x = n; for (let i = 0; i < 5; i++) x = await ctx.run(add, x); return x })
export const sig = workflow('sig', {}, async (ctx, n: number) => { await ctx.sleep('100ms'); const s = await ctx.waitFor('go'); const c = await ctx.child(five, 10); return { s, c, f: await ctx.run(flaky, 7) } })
