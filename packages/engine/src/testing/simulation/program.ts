import type { Json } from '../../workflow/protocol.ts'
import type { Draw } from './draw.ts'

/** The behaviour of a simulated workflow, as data. One interpreter (`workflows.ts`) executes all of them. */
export type Op =
  /** Fails on its first `fails` attempts, or exceeds its time limit on all of them. */
  | StepOp
  | { readonly op: 'sleep'; readonly ms: number }
  /** `ms` null: waits without a time limit. */
  | { readonly op: 'signal'; readonly name: string; readonly ms: number | null }
  | ChildOp
  /** `left`: the parent does not wait for it, so it may be in progress when the parent ends. */
  | { readonly op: 'start'; readonly workflow: string; readonly ops: readonly Op[]; readonly left: boolean }
  | { readonly op: 'all'; readonly branches: readonly (readonly Op[])[]; readonly limit?: number }
  | { readonly op: 'race'; readonly branches: readonly (readonly Op[])[] }
  | { readonly op: 'shield'; readonly ops: readonly Op[] }
  /** Cancelled from inside if it takes longer than `ms`. */
  | { readonly op: 'scope'; readonly ops: readonly Op[]; readonly ms: number }
  | { readonly op: 'patched'; readonly id: string }
  /** Waits until the run is cancelled. */
  | { readonly op: 'stay' }
  /** Ends the generation. The next generation executes the remaining operations. */
  | { readonly op: 'again' }

export interface ChildOp {
  readonly op: 'child'
  readonly workflow: string
  readonly ops: readonly Op[]
  readonly close: 'cancel' | 'abandon' | 'terminate'
  readonly dedupeKey?: string
  /** The parent does not wait for it and may end first. */
  readonly left?: boolean
  /** With a lane of its own, so that no other run waits for its end. */
  readonly alone?: boolean
}

export const ATTEMPTS_MAX = 3

export interface StepOp {
  readonly op: 'step'
  readonly fails: number
  readonly ms: number
  readonly salt?: boolean
  readonly limitMs?: number
  /** Its effect is in the database and commits together with its journal row. */
  readonly tx?: boolean
}

export interface Program {
  readonly ops: readonly Op[]
  readonly cleanup: boolean
  /** Tokens that earlier generations saw. */
  readonly seen: readonly string[]
  /** The key of limited workflows. */
  readonly lane: string
  /** Of a child: its `parentClose`. */
  readonly close?: ChildOp['close']
}

export const SIGNALS = ['go', 'stop'] as const
/** The signal that a staying run waits for. It is never sent. */
export const STAY = 'stay'
/** `plain` most of the time. The others are the same workflow under limits. */
export const WORKFLOWS = ['plain', 'plain', 'plain', 'plain', 'queued', 'latest', 'first', 'spaced', 'settled'] as const
export const LANES = ['a', 'b'] as const
/**
 * Without `first`, which would keep other runs out while the child stays, and without `settled`, where another run could replace its input.
 */
const STAYING_WORKFLOWS = ['plain', 'queued', 'latest', 'spaced'] as const

export function drawProgram(draw: Draw, endless: boolean): Program {
  const budget = { left: draw.int(1, 7), endless }
  return { ops: drawOps(draw, budget, 0), cleanup: draw.chance(0.3), seen: [], lane: draw.pick(LANES) }
}

interface Budget {
  left: number
  /** See Conditions. */
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
    // The signal may arrive in an earlier generation than the one that waits for it.
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

/** A child that its parent does not wait for: it stays, or it is abandoned and ends by itself. */
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

/** Input of the simulation's steps. */
export interface EffectInput {
  readonly path: string
  readonly fails: number
  readonly ms: number
  readonly salt: number
  /** The bundle of the code. */
  readonly version: string
  /** The last few tokens that the workflow has seen. They must be durable by now. */
  readonly seen: readonly string[]
}
