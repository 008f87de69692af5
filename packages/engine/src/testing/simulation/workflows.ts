import { type Context, step, workflow } from '../../workflow/index.ts'
import { type ChildOp, type EffectInput, type Op, type Program, STAY, type StepOp } from './program.ts'

/** The simulated process provides the body: it records the effect and returns a token that is never repeated. */
const effect = step<EffectInput, string>('effect')
const entry = step<EffectInput, string>('entry')

const SEEN_MAX = 3
const last = (seen: readonly string[]): readonly string[] => seen.slice(-SEEN_MAX)

async function perform(ctx: Context, ops: readonly Op[], seen: string[], path: string, program: Program): Promise<void> {
  for (const [index, op] of ops.entries()) {
    if (op.op === 'again') ctx.continueAsNew({ ...program, ops: ops.slice(index + 1), seen: last(seen) })
    await one(ctx, op, seen, `${path}.${index}`, program)
  }
}

async function one(ctx: Context, op: Exclude<Op, { op: 'again' }>, seen: string[], path: string, program: Program): Promise<void> {
  const branch = (ops: readonly Op[], name: string) => () => perform(ctx, ops, seen, path + name, program)
  switch (op.op) {
    case 'step':
      return act(ctx, seen, path, op)
    case 'sleep':
      return ctx.sleep(`${op.ms}ms`)
    case 'signal':
      if (op.ms === null) return void (await ctx.waitFor(op.name))
      return forgive('TimeoutError', async () => void (await ctx.waitFor(op.name, undefined, { timeout: `${op.ms}ms` })))
    case 'stay':
      return void (await ctx.waitFor(STAY))
    case 'child': {
      const ended = forgive('ChildFailedError', () => child(ctx, op, seen, program))
      // The child is cancelled with the run, whose own outcome reports that.
      return op.left ? void ended.catch(() => {}) : ended
    }
    case 'start': {
      const started = ctx.start(op.workflow, nested(program, op.ops, seen))
      return op.left ? undefined : void (await started)
    }
    case 'all':
      return void (await ctx.all(
        op.branches.map((ops, n) => branch(ops, `/${n}`)),
        op.limit ? { limit: op.limit } : {},
      ))
    case 'race':
      return void (await ctx.race(op.branches.map((ops, n) => branch(ops, `/${n}`))))
    case 'shield':
      return ctx.shield(branch(op.ops, ''))
    case 'scope':
      return within(ctx, op.ms, branch(op.ops, ''))
    case 'patched':
      return ctx.patched(op.id) ? act(ctx, seen, path, { fails: 0, ms: 0 }) : undefined
  }
}

async function child(ctx: Context, op: ChildOp, seen: readonly string[], program: Program): Promise<void> {
  const lane = op.alone ? { lane: ctx.uuid() } : {}
  const input = { ...nested(program, op.ops, seen), close: op.close, ...lane }
  await ctx.child(op.workflow, input, { parentClose: op.close, ...(op.dedupeKey ? { dedupeKey: op.dedupeKey } : {}) })
}

async function within(ctx: Context, ms: number, body: () => Promise<void>): Promise<void> {
  const scope = ctx.scope(body)
  await ctx.race([() => scope.catch(() => {}), () => ctx.sleep(`${ms}ms`)])
  scope.cancel()
  await forgive('CancelledError', () => scope)
}

async function act(ctx: Context, seen: string[], path: string, op: Omit<StepOp, 'op'>): Promise<void> {
  const input = { path, fails: op.fails, ms: op.ms, salt: op.salt ? ctx.random() : 0, version: ctx.info.version, seen: last(seen) }
  const options = op.limitMs ? { timeout: `${op.limitMs}ms` } : {}
  await forgive('StepFailedError', async () => void seen.push(await ctx.run(op.tx ? entry : effect, input, options)))
}

async function forgive(name: string, body: () => Promise<void>): Promise<void> {
  try {
    await body()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== name) throw error
  }
}

/** A child has a lane of its own depth, or it could wait for the limit that its parent holds. */
function nested(program: Program, ops: readonly Op[], seen: readonly string[]) {
  return JSON.parse(JSON.stringify({ ops, cleanup: program.cleanup, seen: last(seen), lane: `${program.lane}/` }))
}

async function interpret(ctx: Context, program: Program): Promise<number> {
  const seen = [...program.seen]
  ctx.query('seen', () => seen.length)
  try {
    await perform(ctx, program.ops, seen, ctx.info.workflow, program)
    return seen.length
  } finally {
    if (program.cleanup) await ctx.shield(() => act(ctx, seen, 'cleanup', { fails: 0, ms: 5 }))
  }
}

export const plain = workflow('plain', {}, interpret)
export const queued = workflow('queued', { concurrency: { limit: 1, key: 'lane', onFull: 'queue' } }, interpret)
export const latest = workflow('latest', { concurrency: { limit: 1, key: 'lane', onFull: 'cancel_in_progress' } }, interpret)
export const first = workflow('first', { concurrency: { limit: 1, onFull: 'cancel_newest' } }, interpret)
export const spaced = workflow('spaced', { rateLimit: { limit: 1, period: '2s' } }, interpret)
export const settled = workflow('settled', { debounce: { delay: '500ms', key: 'lane', maxDelay: '2s' } }, interpret)
