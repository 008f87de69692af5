/** Computations that misbehave, for the test of the processes that compute. */
import { url } from 'node:inspector'
import { type JsonObject, problem } from '@orrery/contract'
import { defineComputations } from './computation.ts'

export const double = (n: number): { readonly value: number; readonly isServer: boolean } => ({
  value: 2 * n,
  isServer: process.env.VITEST !== undefined,
})

export const loop = (_: null): number => {
  for (let turn = 0; ; turn += 1) if (turn < 0) return turn
}

export const backtrack = (text: string): boolean => /^(a+)+$/.test(text)

export const hoard = (kind: 'objects' | 'text' | 'json'): number => {
  if (kind === 'json') return (JSON.parse(`[${'[],'.repeat(60_000_000)}0]`) as unknown[]).length
  const kept: unknown[] = []
  for (;;) kept.push(kind === 'text' ? `${'x'.repeat(1_000_000)}${kept.length}`.split('') : { kept: kept.length })
}

export const refuse = (path: string): number => {
  throw problem('invalid_input', `${path}: no`, { errors: [{ path, message: 'no' }] })
}

export const breakDown = (_: null): number => {
  throw new TypeError('a bug')
}

export const readEnvironment = (_: null): JsonObject => ({ ...process.env }) as JsonObject

export const processId = (_: null): number => process.pid

/** Where a debugger listens in the process, or null. */
export const debuggerUrl = (_: null): string | null => url() ?? null

export const computations = {
  ...defineComputations(import.meta.url, { double, refuse, breakDown, readEnvironment, processId, debuggerUrl }, 1_000),
  ...defineComputations(import.meta.url, { loop, backtrack }, 100),
  ...defineComputations(import.meta.url, { hoard }, 20_000),
}
