import type { Kernel } from '../context/kernel.ts'
import { type CallHost, callOperation } from './call-operation.ts'

/** Creates the kernel of a process: its parts, and `call`, which calls an operation with them. */
export function createKernel(parts: Omit<CallHost, 'call'>): Kernel {
  const host: CallHost = { ...parts, call: (operation, caller, input) => callOperation(host, operation, caller, input) }
  return host
}
