import type { Json } from '../../workflow/protocol.ts'
import type { Draw } from './draw.ts'

/** What a simulated workflow does, as data: one interpreter (`workflows.ts`) runs any of them. */
export type Op =
  /** Fails on its first `fails` attempts, or is out of time on all of them. */
  | StepOp
  | { readonly op: 'sleep'; readonly ms: number }
  /** `ms` null: waits until it comes. */
  | { readonly op: 'signal'; readonly name: string; readonly ms: number | null }
  | ChildOp
  /** `left`: not waited for, so that it may be under way when the run ends. */
  | { readonly op: 'start'; readonly workflow: string; readonly ops: readonly Op[]; readonly left: boolean }
  | { readonly op: 'all'; readonly branches: readonly (readonly Op[])[]; readonly limit?: number }
  | { readonly op: 'race'; readonly branches: readonly (readonly Op[])[] }
  | { readonly op: 'shield'; readonly ops: readonly Op[] }
  /** Stopped from inside when it takes longer. */
  | { readonly op: 'scope'; readonly ops: readonly Op[]; readonly ms: number }
  | { readonly op: 'patched'; readonly id: string }
  /** Waits until the run is cancelled. */
  | { readonly op: 'stay' }
  /** Ends the generation; what follows is done by the next. */
  | { readonly op: 'again' }

export interface ChildOp {
  readonly op: 'child'
  readonly workflow: string
  readonly ops: readonly Op[]
  readonly close: 'cancel' | 'abandon' | 'terminate'
  readonly dedupeKey?: string
  /** Not waited for, so that its parent may end before it. */
  readonly left?: boolean
  /** In a lane of its own, so that no other run waits for it to end. */
  readonly alone?: boolean
}

export const ATTEMPTS_MAX = 3

export interface StepOp {
  readonly op: 'step'
  readonly fails: number
  readonly ms: number
  readonly salt?: boolean
  readonly limitMs?: number
  /** Its effect is one of the database, which commits together with its record. */
  readonly tx?: boolean
}

export interface Program {
  readonly ops: readonly Op[]
  readonly cleanup: boolean
  /** Tokens that an earlier generation saw. */
  readonly seen: readonly string[]
  /** The key of limited workflows. */
  readonly lane: string
  /** Of a child: its `parentClose`. */
  readonly close?: ChildOp['close']
}

export const SIGNALS = ['go', 'stop'] as const
/** The signal that a run which stays waits for; it is never sent. */
export const STAY = 'stay'
/** `plain` most of the time; the others are the same under limits. */
export const WORKFLOWS = ['plain', 'plain', 'plain', 'plain', 'queued', 'latest', 'first', 'spaced', 'settled'] as const
export const LANES = ['a', 'b'] as const
/** Not `first`, which would keep other runs out for as long as the child stays, nor `settled`, where another run could take its input. */
const STAYING_WORKFLOWS = ['plain', 'queued', 'latest', 'spaced'] as const

export function drawProgram(draw: Draw, endless: boolean): Program {
  const budget = { left: draw.int(1, 7), endless }
  return { ops: drawOps(draw, budget, 0), cleanup: draw.chance(0.3), seen: [], lane: draw.pick(LANES) }
}

interface Budget {
  left: number
  /** See Weather. */
  readonly endless: boolean
}

const DEPTH_MAX = 2

function drawOps(draw: Draw, budget: Budget, depth: number): Op[] {
  const ops: Op[] = []
  const count = draw.int(1, depth === 0 ? 5 : 2)
  for (let index = 0; index < count && (budget.left > 0 || index === 0); index++) {
    budget.left--
    const op = drawOp(draw, budget, depth)
    ops.push(op)
    // A signal that came to an earlier generation is for the one that waits.
    if (op.op === 'again' && budget.endless) ops.push({ op: 'signal', name: draw.pick(SIGNALS), ms: null })
  }
  return ops
}

function drawOp(draw: Draw, budget: Budget, depth: number): Op {
  const kind = draw.int(0, 99)
  if (kind < 36) return drawStep(draw)
  if (kind < 46) return { op: 'sleep', ms: draw.pick([0, 5, 300, 1500, 4000, 9000]) }
  if (kind < 59)
    return { op: 'signal', name: draw.pick(SIGNALS), ms: draw.pick(budget.endless ? [500, 3000, 12_000, null] : [500, 3000, 12_000]) }
  if (kind < 62) return { op: 'patched', id: draw.pick(['one', 'two']) }
  if (kind < 65 && depth === 0) return { op: 'again' }
  return depth >= DEPTH_MAX ? drawStep(draw) : drawGroup(draw, budget, depth)
}

function drawGroup(draw: Draw, budget: Budget, depth: number): Op {
  const branch = (): Op[] => drawOps(draw, budget, depth + 1)
  switch (draw.pick(['child', 'child', 'child', 'start', 'all', 'all', 'race', 'race', 'shield', 'scope'] as const)) {
    case 'child': {
      if (budget.endless && draw.chance(0.4)) return drawLeftChild(draw, branch())
      const close = draw.pick(['cancel', 'abandon', 'terminate'] as const)
      const dedupe = draw.chance(0.1) ? { dedupeKey: 'once' } : {}
      return { op: 'child', workflow: draw.pick(WORKFLOWS), ops: branch(), close, ...dedupe }
    }
    case 'start':
      return { op: 'start', workflow: draw.pick(WORKFLOWS), ops: branch(), left: draw.chance(0.5) }
    case 'all':
      return { op: 'all', branches: [branch(), branch(), branch()].slice(0, draw.int(1, 3)), ...(draw.chance(0.3) ? { limit: 1 } : {}) }
    case 'race':
      if (budget.endless && draw.chance(0.3)) return { op: 'race', branches: [branch(), [drawStayingChild(draw, branch())]] }
      return { op: 'race', branches: [branch(), branch()] }
    case 'shield':
      return { op: 'shield', ops: branch() }
    case 'scope':
      return { op: 'scope', ops: branch(), ms: draw.pick([0, 20, 1000]) }
  }
}

/** One that its parent does not wait for: it stays, or is abandoned and ends by itself. */
function drawLeftChild(draw: Draw, ops: readonly Op[]): ChildOp {
  const child = drawStayingChild(draw, ops)
  return draw.chance(0.2) ? { ...child, ops, close: 'abandon', left: true } : { ...child, left: true }
}

/** A child that ends only if it is cancelled. */
function drawStayingChild(draw: Draw, ops: readonly Op[]): ChildOp {
  const close = draw.pick(['cancel', 'terminate'] as const)
  return { op: 'child', workflow: draw.pick(STAYING_WORKFLOWS), ops: [...ops, { op: 'stay' }], close, alone: true }
}

function drawStep(draw: Draw): Op {
  const fails = draw.chance(0.15) ? draw.int(1, 3) : 0
  const step = { op: 'step', fails, salt: draw.chance(0.2), tx: draw.chance(0.2) } as const
  if (draw.chance(0.03)) return { ...step, ms: 700, limitMs: 300 }
  return { ...step, ms: draw.pick([0, 0, 3, 40, 700]) }
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
  /** The bundle that the code belongs to. */
  readonly version: string
  /** The last few tokens that the workflow has seen: they must be durable by now. */
  readonly seen: readonly string[]
}
