import { setTimeout as pause } from 'node:timers/promises'
import type { Operation } from '@orrery/contract'
import { type Answered, type FaceName, type Sending, send } from './faces.ts'

/** As `send`; where the server wants fewer requests a second, it waits as long as it was told and asks again. */
export async function sendPatiently(face: FaceName, operation: Operation, input: unknown, how: Sending): Promise<Answered> {
  for (;;) {
    const answer = await send(face, operation, input, how)
    if (answer.status !== 429) return answer
    await pause(Number(answer.problem?.retryAfterMs ?? 100))
  }
}
