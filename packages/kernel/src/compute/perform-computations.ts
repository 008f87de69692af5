/** What each process of `createCompute` runs: one computation at a time, until the server disconnects. */
import { Worker } from 'node:worker_threads'
import { ProblemError } from '@orrery/contract'
import type { ComputeAnswer, ComputeMessage } from './computation.ts'

/** A server that was killed cannot end a process that is in an endless loop, so a thread looks whether it still has its parent. */
const WATCH = `const parent = process.ppid
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000)`

new Worker(WATCH, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } }).unref()

const loaded = new Set<string>()
const answer = (message: ComputeAnswer): void => void process.send?.(message)

process.on('message', (message) => void perform(message as ComputeMessage))
process.on('disconnect', () => process.exit())
// Ctrl-C in a terminal reaches all processes; the server ends this one when it is done.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)

async function perform({ module, name, input }: ComputeMessage): Promise<void> {
  try {
    const functions: Readonly<Record<string, (input: unknown) => unknown>> = await import(module)
    const run = functions[name]
    if (run === undefined) throw new TypeError(`${module} does not export ${name}`)
    if (!loaded.has(module)) {
      loaded.add(module)
      answer({ kind: 'loaded' })
    }
    answer({ kind: 'done', value: await run(input) })
  } catch (error) {
    answer(error instanceof ProblemError ? toProblemAnswer(error) : { kind: 'failed', error })
  }
}

const toProblemAnswer = ({ code, detail, extra }: ProblemError): ComputeAnswer => ({ kind: 'problem', code, detail, extra })
