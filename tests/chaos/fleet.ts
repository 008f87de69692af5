import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { clockShift } from '../support/clock-shift.ts'
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import type { FromProcess, ProcessSettings, ToProcess } from './process-messages.ts'

export type Settings = Omit<ProcessSettings, 'name' | 'role' | 'url'>

/** Where a process and its successors run: a machine with a network and a clock of its own. */
export interface Place {
  readonly role: ProcessSettings['role']
  readonly proxy: TcpProxy
  /** How wrong the clock is. */
  readonly clockMs: number
}

export interface Member {
  readonly name: string
  readonly role: ProcessSettings['role']
  readonly place: Place
  readonly child: ChildProcess
  state: 'booting' | 'ready' | 'stopped' | 'dead'
  /** False while the process must not end. An unexpected end is a finding. */
  isMeantToEnd: boolean
}

export interface FleetOptions {
  /** Of PostgreSQL. Each place reaches it through a proxy of its own. */
  readonly url: string
  readonly settings: Settings
  readonly workers: number
  readonly starters: number
  /** How wrong the clocks of the first workers are. */
  readonly clocksMs: readonly number[]
  readonly onMessage: (member: Member, message: FromProcess) => void
  readonly onDeath: (member: Member) => void
  /** A process ended unexpectedly. */
  readonly onSurprise: (text: string) => void
}

/** The processes under test. A dead process is replaced at once by a new one in the same place. */
export class Fleet {
  private readonly options: FleetOptions
  private readonly members = new Set<Member>()
  private readonly places: Place[] = []
  private count = 0
  private isClosing = false

  constructor(options: FleetOptions) {
    this.options = options
  }

  async open(): Promise<void> {
    const { url, workers, starters, clocksMs } = this.options
    for (let i = 0; i < workers + starters; i++) {
      const role = i < workers ? 'worker' : 'starter'
      this.places.push({ role, proxy: await openTcpProxy(url), clockMs: role === 'worker' ? (clocksMs[i] ?? 0) : 0 })
    }
    for (const place of this.places) this.spawn(place)
  }

  ready(role?: Member['role']): Member[] {
    return [...this.members].filter((member) => member.state === 'ready' && (role === undefined || member.role === role))
  }

  kill(member: Member): void {
    member.isMeantToEnd = true
    member.child.kill('SIGKILL')
  }

  /** Stops the process with SIGSTOP. The returned function continues it. */
  freeze(member: Member): () => void {
    member.child.kill('SIGSTOP')
    member.state = 'stopped'
    return () => {
      member.child.kill('SIGCONT')
      if (member.state === 'stopped') member.state = 'ready'
    }
  }

  send(member: Member, message: ToProcess): void {
    // If the process dies, its exit event reports that, and its orders go to another process.
    member.child.send(message, () => undefined)
  }

  /** Asks all processes to stop, and kills those that have not ended in time. */
  async close(graceMs: number): Promise<void> {
    this.isClosing = true
    await Promise.all(
      [...this.members].map(async (member) => {
        member.isMeantToEnd = true
        const ended = new Promise<void>((resolve) => member.child.once('exit', () => resolve()))
        this.send(member, { type: 'stop' })
        const timer = setTimeout(() => member.child.kill('SIGKILL'), graceMs)
        await ended
        clearTimeout(timer)
      }),
    )
    await Promise.all(this.places.map(({ proxy }) => proxy.close()))
  }

  private spawn(place: Place): void {
    const { role, proxy, clockMs } = place
    const name = `${role}-${++this.count}`
    const member: Member = {
      name,
      role,
      place,
      child: forkProcess({ ...this.options.settings, name, role, url: proxy.url }, clockMs),
      state: 'booting',
      isMeantToEnd: false,
    }
    this.members.add(member)
    member.child.on('message', (message: FromProcess) => {
      if (message.type === 'ready' && member.state === 'booting') member.state = 'ready'
      this.options.onMessage(member, message)
    })
    member.child.once('exit', (code, signal) => {
      member.state = 'dead'
      this.members.delete(member)
      if (!member.isMeantToEnd) this.options.onSurprise(`${name} ended unexpectedly (${signal ?? `exit code ${code}`})`)
      this.options.onDeath(member)
      if (!this.isClosing) this.spawn(place)
    })
  }
}

export function forkProcess(settings: ProcessSettings, clockMs: number, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const clock = clockMs === 0 ? {} : clockShift(clockMs)
  const settled = { NODE_COMPILE_CACHE: settings.cacheDir, ORRERY_CHAOS: JSON.stringify(settings), ...clock }
  return fork(join(import.meta.dirname, 'process.fixture.ts'), {
    execArgv: ['--conditions=orrery-source'],
    env: { ...process.env, ...settled, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}
