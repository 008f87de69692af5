import { join } from 'node:path'

/** The environment of a Node program, and of those that it starts, in which the machine's clock is `ms` ahead, or behind if it is negative. */
export function clockShift(ms: number): { readonly NODE_OPTIONS: string; readonly CLOCK_SHIFT_MS: string } {
  return { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'shift-clock.fixture.ts')}`, CLOCK_SHIFT_MS: String(ms) }
}
