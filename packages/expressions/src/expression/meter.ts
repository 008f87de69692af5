import type { Json } from '@orrery/contract'
import { limitError } from './expression-error.ts'

/** What one rendering may cost. One unit of fuel is about one value read, or sixteen characters written. */
export const LIMITS = { fuel: 100_000, outputLength: 1_000_000, depth: 100 } as const

/** Bounds a rendering: every part of it spends fuel or room before it works. */
export interface Meter {
  fuel: number
  /** Characters left for the result. */
  room: number
}

export function createMeter(): Meter {
  return { fuel: LIMITS.fuel, room: LIMITS.outputLength }
}

export function spend(meter: Meter, units: number): void {
  meter.fuel -= units
  if (meter.fuel < 0) throw limitError('it is too much work to evaluate; select less, or do it in a tool')
}

/** Fuel for reading or writing a text. */
export function spendText(meter: Meter, length: number): void {
  spend(meter, 1 + (length >> 4))
}

/** Spends fuel for every value inside, and refuses one that is nested too deep. Returns the approximate length of its JSON text. */
export function measure(meter: Meter, value: Json, depth = 0): number {
  spend(meter, 1)
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 6
  if (depth >= LIMITS.depth) throw limitError(`it is nested deeper than ${LIMITS.depth} levels`)
  let length = 2
  if (Array.isArray(value)) for (const item of value) length += measure(meter, item, depth + 1)
  else {
    for (const [name, item] of Object.entries(value)) {
      spend(meter, 1)
      length += name.length + 4 + measure(meter, item, depth + 1)
    }
  }
  return length
}

/** Takes `length` characters from the room for the result. */
export function takeRoom(meter: Meter, length: number): void {
  meter.room -= length
  if (meter.room < 0) throw limitError(`the result is longer than ${LIMITS.outputLength} characters`)
}
