import type { Clock } from '../../clock.ts'
import { type BundleHost, type BundleHosts, SandboxLost } from '../../sandbox/bundle-host.ts'
import { createSandbox, type Sandbox } from '../../sandbox/create-sandbox.ts'
import { locateStack } from '../../sandbox/locate-stack.ts'
import type { Activation } from '../../workflow/protocol.ts'

/**
 * Lets thousands of simulated processes share one real sandbox per version, because making one costs more than a whole simulation. A prefix
 * separates the runs of each process. `sweep` evicts the runs of dead processes.
 */
export interface SharedSandbox {
  /** For one simulated process. */
  hosts(fate: SandboxFate): BundleHosts
  sweep(): void
}

/** How calls into bundles go. They are executed one after another, as by a process that an organization has for its bundles. */
export interface SandboxFate {
  readonly clock: Clock
  /** The time in ms that the next call takes. Null: it is executed at once. */
  readonly nextMs: () => number | null
  /** Whether the process with the sandboxes ends during the next call. */
  readonly isFatal: () => boolean
}

interface Real {
  readonly sandbox: Sandbox
  readonly alive: Set<string>
}

export function shareSandbox(): SharedSandbox {
  const reals = new Map<string, Real>()
  let processes = 0
  const realOf = (code: string): Real => {
    const known = reals.get(code)
    if (known) return known
    const real = { sandbox: createSandbox(code, { timeoutMs: 1000 }), alive: new Set<string>() }
    reals.set(code, real)
    return real
  }
  return {
    hosts: (fate) => {
      const line = new Line(fate)
      return {
        open: (_org, code, { onLost }) => {
          const real = realOf(code)
          const prefix = `${processes++}/`
          const opened: Opened = { isLost: false, onLost }
          line.opened.add(opened)
          const host: BundleHost = {
            activate: (batch) =>
              line.call(
                opened,
                batch.map(({ run }) => run),
                () => activate(real, prefix, batch),
              ),
            validateInputs: (batch) => line.call(opened, [], () => real.sandbox.validateInputs(batch)),
            describe: () => line.call(opened, [], () => real.sandbox.describe()),
            locate: (stacks, map) => line.call(opened, [], () => stacks.map((stack) => locateStack(stack, code, map))),
            dispose: () => void line.opened.delete(opened),
          }
          return host
        },
        close: () => {},
      }
    },
    sweep: () => {
      for (const { sandbox, alive } of reals.values()) {
        if (alive.size > 0) sandbox.activate([...alive].map((run) => ({ run, at: 0, replaying: false, delivery: { type: 'evict' } })))
        alive.clear()
      }
      processes = 0
    },
  }
}

function activate({ sandbox, alive }: Real, prefix: string, batch: readonly Activation[]): ReturnType<Sandbox['activate']> {
  for (const { run, delivery } of batch) {
    if (delivery.type === 'start') alive.add(prefix + run)
    if (delivery.type === 'evict') alive.delete(prefix + run)
  }
  const reactions = sandbox.activate(batch.map((activation) => ({ ...activation, run: prefix + activation.run })))
  return reactions.map((reaction, index) => ({ ...reaction, run: batch[index]?.run ?? '' }))
}

interface Opened {
  isLost: boolean
  readonly onLost: () => void
}

interface Call {
  readonly runs: readonly string[]
  readonly execute: () => void
  readonly reject: (error: Error) => void
}

/** The calls that wait for the process with the sandboxes. */
class Line {
  readonly opened = new Set<Opened>()
  private readonly fate: SandboxFate
  private waiting: Call[] = []
  private isBusy = false
  /** The engine blocks a run at the second time. */
  private readonly blamed = new Set<string>()

  constructor(fate: SandboxFate) {
    this.fate = fate
  }

  call<T>(opened: Opened, runs: readonly string[], make: () => T): Promise<T> {
    if (opened.isLost) return Promise.reject(new SandboxLost('the process of the sandboxes has ended', false))
    return new Promise((resolve, reject) => {
      const execute = (): void => {
        try {
          resolve(make())
        } catch (error) {
          reject(error as Error)
        }
      }
      this.waiting.push({ runs, execute, reject })
      if (!this.isBusy) this.next()
    })
  }

  private next(): void {
    const [first] = this.waiting
    this.isBusy = first !== undefined
    if (first === undefined) return
    const takesMs = this.fate.nextMs()
    if (takesMs === null) this.end(first)
    else this.fate.clock.setTimeout(() => this.waiting[0] === first && this.end(first), takesMs)
  }

  private end(call: Call): void {
    if (this.fate.isFatal()) return this.die(call)
    this.waiting.shift()
    call.execute()
    this.next()
  }

  private die(call: Call): void {
    const waiting = this.waiting
    this.waiting = []
    this.isBusy = false
    const isCulprit = call.runs.every((run) => !this.blamed.has(run) && !run.startsWith('beside/'))
    for (const run of call.runs) this.blamed.add(run)
    for (const one of waiting) one.reject(new SandboxLost('the process of the sandboxes ended', one === call && isCulprit))
    const lost = [...this.opened]
    this.opened.clear()
    for (const one of lost) one.isLost = true
    this.fate.clock.setImmediate(() => {
      for (const { onLost } of lost) onLost()
    })
  }
}
