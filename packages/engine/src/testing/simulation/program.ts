import type { Json } from '../../workflow/protocol.ts'
import type { Draw } from './draw.ts'

/** What a simulated workflow does, as data: one interpreter (`workflows.ts`) runs any of them. */
export type Op =
  /** Fails on its first `fails` attempts; three are allowed. */
  | { readonly op: 'step'; readonly fails: number; readonly ms: number; readonly salt?: boolean }
  | { readonly op: 'sleep'; readonly ms: number }
  | { readonly op: 'signal'; readonly name: string; readonly ms: number }
  | { readonly op: 'child'; readonly workflow: string; readonly ops: readonly Op[]; readonly close: 'cancel' | 'abandon' }
  | { readonly op: 'start'; readonly ops: readonly Op[] }
  | { readonly op: 'all' | 'race'; readonly branches: readonly (readonly Op[])[] }
  | { readonly op: 'shield'; readonly ops: readonly Op[] }
  | { readonly op: 'patched'; readonly id: string }
  /** Ends the generation; what follows is done by the next. */
  | { readonly op: 'again' }

export interface Program {
  readonly ops: readonly Op[]
  readonly cleanup: boolean
  /** Tokens that an earlier generation saw. */
  readonly seen: readonly string[]
  /** The key of limited workflows. */
  readonly lane: string
}

export const SIGNALS = ['go', 'stop'] as const
/** `plain` most of the time; the others are the same under limits. */
export const WORKFLOWS = ['plain', 'plain', 'plain', 'queued', 'latest', 'first', 'spaced'] as const

export function drawProgram(draw: Draw): Program {
  const budget = { left: draw.int(1, 7) }
  return { ops: drawOps(draw, budget, 0), cleanup: draw.chance(0.3), seen: [], lane: draw.pick(['a', 'b']) }
}

function drawOps(draw: Draw, budget: { left: number }, depth: number): Op[] {
  const ops: Op[] = []
  const count = draw.int(1, depth === 0 ? 5 : 2)
  for (let index = 0; index < count && (budget.left > 0 || index === 0); index++) {
    budget.left--
    ops.push(drawOp(draw, budget, depth))
  }
  return ops
}

function drawOp(draw: Draw, budget: { left: number }, depth: number): Op {
  const kind = draw.int(0, 99)
  if (kind < 40 || (depth >= 2 && kind < 60)) return drawStep(draw)
  if (kind < 50) return { op: 'sleep', ms: draw.pick([0, 5, 300, 1500, 4000, 9000]) }
  if (kind < 63) return { op: 'signal', name: draw.pick(SIGNALS), ms: draw.pick([500, 3000, 12_000]) }
  if (depth >= 2) return drawStep(draw)
  const branch = (): Op[] => drawOps(draw, budget, depth + 1)
  if (kind < 72) return { op: 'child', workflow: draw.pick(WORKFLOWS), ops: branch(), close: draw.pick(['cancel', 'abandon']) }
  if (kind < 75) return { op: 'start', ops: branch() }
  if (kind < 84) return { op: 'all', branches: [branch(), branch()] }
  if (kind < 92) return { op: 'race', branches: [branch(), branch()] }
  if (kind < 95) return { op: 'shield', ops: branch() }
  if (kind < 97) return { op: 'patched', id: draw.pick(['one', 'two']) }
  return depth === 0 ? { op: 'again' } : drawStep(draw)
}

function drawStep(draw: Draw): Op {
  return { op: 'step', fails: draw.chance(0.15) ? draw.int(1, 3) : 0, ms: draw.pick([0, 0, 3, 40, 700]), salt: draw.chance(0.2) }
}

export function programJson(program: Program): Json {
  return JSON.parse(JSON.stringify(program)) as Json
}

/** What the one step of the simulation is given. */
export interface EffectInput {
  readonly path: string
  readonly fails: number
  readonly ms: number
  readonly salt: number
  /** The last few tokens that the workflow has seen: they must be durable by now. */
  readonly seen: readonly string[]
}
