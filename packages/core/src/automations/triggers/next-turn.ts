/** In step with the turns before, whatever was missed. */
export function nextTurn(lastMs: number, everyMs: number, nowMs: number): number {
  return lastMs + (Math.floor(Math.max(0, nowMs - lastMs) / everyMs) + 1) * everyMs
}
