import { setTimeout as pause } from 'node:timers/promises'
import type { Operation } from '@orrery/contract'
import { type Answered, type Encoded, type Exchanged, encode, exchange, type FaceName, read, type Sending } from './faces.ts'

/** Sends a request, and repeats it after the requested time if the server limits the rate. */
export async function exchangePatiently(request: Encoded, how: Sending): Promise<Exchanged> {
  for (;;) {
    const exchanged = await exchange(request, how)
    if (!exchanged.text.includes('"code":"rate_limited"')) return exchanged
    await pause(Number(/"retryAfterMs":(\d+)/.exec(exchanged.text)?.[1] ?? 100))
  }
}

export async function sendPatiently(face: FaceName, operation: Operation, input: unknown, how: Sending): Promise<Answered> {
  return read(face, await exchangePatiently(encode(face, operation, input), how))
}
