import { type ChildProcess, fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { problem } from '@orrery/contract'
import type { Computation, ComputeAnswer, ComputeMessage } from './computation.ts'

export type Computed<Output> =
  | { readonly outcome: 'done'; readonly value: Output }
  /** The computation used all its processor time. */
  | { readonly outcome: 'timeout'; readonly limitMs: number }
  | { readonly outcome: 'memory'; readonly limitMb: number }

/** Loading the code of a computation, which does not count as its time. */
const LOAD_MS_MAX = 60_000
/** On a busy machine a computation waits for a processor. It may take this many times its processor time. */
const WALL_FACTOR_MAX = 32
/** The same if a transaction is open meanwhile, which PostgreSQL ends when nothing happens in it for 30 s. */
const HOLDING_WALL_MS_MAX = 15_000
/** A computation that takes longer is slow. */
const SLOW_MS = 100
/** The server itself goes first, but does not starve them. */
const NICENESS = 5

export interface ComputeRequest {
  readonly computation: Computation<never, unknown>
  readonly input: unknown
  readonly holdsTransaction: boolean
}

interface Pending {
  readonly module: string
  readonly limitMs: number
  readonly wallMsMax: number
  onSlow(): void
  settle(computed: Computed<unknown>): void
  fail(error: unknown): void
}

/** One process, which performs one computation at a time. After a computation that used up its time or its memory it `isOver`. */
export class ComputeProcess {
  isOver = false
  private readonly child: ChildProcess
  private readonly loaded = new Set<string>()
  private pending: Pending | null = null
  private timer: NodeJS.Timeout | undefined
  private slowTimer: NodeJS.Timeout | undefined

  constructor(memoryMbMax: number) {
    const isSource = import.meta.url.endsWith('.ts')
    this.child = fork(new URL(isSource ? './perform-computations.ts' : './perform-computations.js', import.meta.url), {
      // It gets no secrets, and none of the flags of this process. A signal of another program, as of code that got out of the process of
      // its bundle, opens no debugger: this process has the server's rights.
      env: {},
      execArgv: ['--disable-sigusr1', `--max-old-space-size=${memoryMbMax}`, ...(isSource ? ['--conditions=orrery-source'] : [])],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.child.unref()
    this.child.channel?.unref()
    this.child.on('message', (answer) => this.take(answer as ComputeAnswer))
    this.child.on('error', (error) => this.fail(error))
    this.child.on('exit', (code, signal) => {
      // How V8 ends a process whose heap is full, and the kernel one that takes the memory of others.
      const isFull = signal === 'SIGABRT' || signal === 'SIGKILL' || code === 134
      if (isFull) this.end({ outcome: 'memory', limitMb: memoryMbMax })
      else this.fail(new Error(`A process that computes has ended with ${signal ?? code}`))
    })
    lowerPriority(this.child.pid)
  }

  /** @param onSlow called if the computation takes longer than most. @throws the ProblemError of the computation, or the error of a bug in it */
  perform({ computation, input, holdsTransaction }: ComputeRequest, onSlow: () => void): Promise<Computed<unknown>> {
    const { module, name, limitMs } = computation
    const wallMsMax = Math.min(limitMs * WALL_FACTOR_MAX, holdsTransaction ? HOLDING_WALL_MS_MAX : Number.POSITIVE_INFINITY)
    return new Promise((settle, fail) => {
      this.pending = { module, limitMs, wallMsMax, onSlow, settle, fail }
      this.child.send({ module, name, input } satisfies ComputeMessage)
      if (this.loaded.has(module)) this.limit(this.pending)
      else this.timer = setTimeout(() => this.fail(new Error(`${module} could not be loaded in ${LOAD_MS_MAX} ms`)), LOAD_MS_MAX)
    })
  }

  stop(): void {
    this.fail(problem('unavailable', 'The server is stopping.'))
    this.child.kill('SIGKILL')
  }

  private take(answer: ComputeAnswer): void {
    const { pending } = this
    if (pending === null) return
    if (answer.kind === 'loaded') {
      this.loaded.add(pending.module)
      return this.limit(pending)
    }
    this.release()
    if (answer.kind === 'done') pending.settle({ outcome: 'done', value: answer.value })
    else pending.fail(answer.kind === 'problem' ? problem(answer.code, answer.detail, answer.extra) : answer.error)
  }

  /** Processor time, because on a busy machine the wall clock says little about the computation. */
  private limit(pending: Pending): void {
    clearTimeout(this.timer)
    const { limitMs, wallMsMax } = pending
    const from = performance.now()
    this.slowTimer = setTimeout(() => pending.onSlow(), SLOW_MS)
    // The first quarter is measured by the wall clock: most computations end before the process is ever looked at.
    const quarterMs = limitMs / 4
    let usedBefore: number | undefined
    const check = async (): Promise<void> => {
      const used = await readUsedMs(this.child.pid)
      if (this.pending !== pending || used === null) return
      usedBefore ??= used - quarterMs
      const leftMs = limitMs - (used - usedBefore)
      if (leftMs > 0 && performance.now() - from < wallMsMax) this.timer = setTimeout(check, Math.max(5, leftMs))
      else this.end({ outcome: 'timeout', limitMs })
    }
    this.timer = setTimeout(check, quarterMs)
  }

  private end(computed: Computed<unknown>): void {
    this.isOver = true
    const pending = this.release()
    this.child.kill('SIGKILL')
    pending?.settle(computed)
  }

  private fail(error: Error): void {
    this.isOver = true
    this.release()?.fail(error)
  }

  private release(): Pending | null {
    const { pending } = this
    clearTimeout(this.timer)
    clearTimeout(this.slowTimer)
    this.pending = null
    return pending
  }
}

function lowerPriority(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, NICENESS)
  } catch {
    // It has ended already, which its event reports.
  }
}

/** Linux counts in hundredths of a second, whatever its clock does inside (proc_pid_stat(5), fields 14 and 15). */
const TICK_MS = 10

/** Processor time of a process; null if it has ended, which its event reports. Where the system does not say, the time that passes stands for it. */
async function readUsedMs(pid: number | undefined): Promise<number | null> {
  if (process.platform !== 'linux') return performance.now()
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
    const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(user) + Number(system)) * TICK_MS
  } catch {
    return null
  }
}
