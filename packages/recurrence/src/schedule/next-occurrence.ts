import type { CompiledSchedule } from './compile-schedule.ts'
import type { NextOccurrence, Occurrence } from './schedule.ts'

/**
 * The first occurrence whose nominal time is after an instant. `key` (the schedule's id) makes jitter differ between schedules and stay the
 * same for one schedule.
 */
export function nextOccurrence(compiled: CompiledSchedule, afterMs: number, key = ''): NextOccurrence {
  const next = compiled.instants.next(afterMs)
  return typeof next === 'number' ? { kind: 'occurrence', ...withJitter(compiled, next, key) } : { kind: next }
}

export interface Occurrences {
  readonly occurrences: readonly Occurrence[]
  /** False if there are more than the limit, or if the search took too long. */
  readonly isComplete: boolean
}

/** The occurrences with a nominal time from `fromMs` up to but not including `toMs`, at most `limit` of them. */
export function occurrencesBetween(compiled: CompiledSchedule, fromMs: number, toMs: number, limit = 1_000, key = ''): Occurrences {
  const occurrences: Occurrence[] = []
  for (let after = fromMs - 1; ; ) {
    const next = compiled.instants.next(after)
    if (next === 'limit') return { occurrences, isComplete: false }
    if (next === 'ended' || next >= toMs) return { occurrences, isComplete: true }
    if (occurrences.length >= limit) return { occurrences, isComplete: false }
    occurrences.push(withJitter(compiled, next, key))
    after = next
  }
}

/** Whether an instant is one of the schedule's nominal times. */
export const isOccurrence = (compiled: CompiledSchedule, instantMs: number): boolean => compiled.instants.next(instantMs - 1) === instantMs

/** Jitter never exceeds the time to the next occurrence, so it cannot change the order. */
function withJitter({ instants, jitterMs }: CompiledSchedule, nominalMs: number, key: string): Occurrence {
  if (jitterMs === 0) return { nominalMs, firesAtMs: nominalMs }
  const next = instants.next(nominalMs)
  const room = typeof next === 'number' ? Math.min(jitterMs, next - nominalMs) : jitterMs
  return { nominalMs, firesAtMs: nominalMs + Math.floor(jitterFraction(key, nominalMs) * room) }
}

/** A fraction from 0 up to but not including 1, the same for the same key and instant in every process. FNV-1a with a final mix. */
function jitterFraction(key: string, nominalMs: number): number {
  const text = `${key}@${nominalMs}`
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000
}
