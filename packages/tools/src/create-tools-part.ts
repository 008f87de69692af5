import { type BackgroundPart, type Kernel, RESEAL_BATCH, sweepInBatches } from '@orrery/kernel'
import { FORGET_CALLS_BATCH, forgetCalls } from './calls/forget-calls.ts'
import { resealConnections } from './connections/reseal-connections.ts'
import { mcpClientsOf } from './mcp/mcp-clients.ts'

/** The background work of the tool platform. */
export function createToolsPart(kernel: Kernel): BackgroundPart {
  const { database, clock, secretKeys, log } = kernel
  return {
    sweeps: [
      sweepInBatches('tool calls', FORGET_CALLS_BATCH, () => forgetCalls(database, clock.now())),
      sweepInBatches('secrets of connections', RESEAL_BATCH, () => resealConnections(database, secretKeys, log)),
    ],
    stop: () => mcpClientsOf(kernel).stop(),
  }
}
