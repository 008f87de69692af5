import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type HostOwner, SandboxLost } from './bundle-host.ts'
import { SandboxStuck } from './create-sandbox.ts'
import { ANSWER_CHARS_MAX, MESSAGE_CHARS_MAX, type Refusal, type Request, writeRequest } from './sandbox-lines.ts'

interface Call {
  readonly bundle: string
  readonly resolve: (text: string) => void
  readonly reject: (error: Error) => void
}

/** Until its first answer, a process has this much more time: it loads Node.js first. */
const START_MS = 30_000
/** A machine that could not start a process is not asked again before this time. */
const START_AGAIN_MS = 1000
/** Of what a process says when it ends. */
const LAST_WORDS_MAX = 4000

/** A process that runs bundles, seen from its parent. */
export class SandboxProcess {
  /** The time since the last call or answer. */
  quietMs = 0
  hasEnded = false
  private readonly callMs: number
  /** Null: the machine could not start it. */
  private readonly child: ChildProcess | null
  /** Calls without an answer, oldest first: the process executes the first. */
  private readonly calls: Call[] = []
  private readonly owners = new Map<string, HostOwner>()
  private names = 0
  private received: string[] = []
  private receivedChars = 0
  private lastWords = ''
  private hasAnswered = false

  constructor({ memoryMb, callMs }: { readonly memoryMb: number; readonly callMs: number }) {
    this.callMs = callMs
    this.child = this.start(memoryMb)
  }

  private start(memoryMb: number): ChildProcess | null {
    const extension = extname(import.meta.url)
    const program = fileURLToPath(new URL(`./sandbox-main${extension}`, import.meta.url))
    const conditions = extension === '.ts' ? ['--conditions=orrery-source'] : []
    const folder = dirname(program)
    const read = [folder, join(folder, '../package.json'), dirname(createRequire(import.meta.url).resolve('acorn/package.json'))]
    // Code that found a way out of its sandbox could read no other file and start no process.
    const permissions = ['--permission', '--allow-worker', ...read.map((path) => `--allow-fs-read=${path}`)]
    // Errors that Node.js itself throws when the stack is full belong to the realm outside of the bundle's context. What can be reached
    // through one must make no code and change nothing there: it would have the rights of this process, signals to the server included.
    const realm = ['--disallow-code-generation-from-strings', '--frozen-intrinsics']
    const heap = [`--max-old-space-size=${memoryMb}`, '--max-semi-space-size=8', '--disable-wasm-trap-handler', '--no-warnings']
    const words = [...permissions, ...realm, ...heap, ...conditions, program, String(memoryMb), String(process.pid)]
    try {
      // An empty environment: nothing that the server knows can be read there.
      // A group of its own: Ctrl-C in a terminal ends the server, which needs it until it has stopped.
      const child = spawn(process.execPath, words, { stdio: 'pipe', env: {}, cwd: '/', detached: true })
      child.once('error', (error) => this.notStarted(error))
      child.once('close', (code, signal) => child.pid !== undefined && this.ended(this.describeEnd(code, signal)))
      // Without file handles a child has no streams.
      child.stdout?.setEncoding('utf8').on('data', (text: string) => this.read(text))
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.lastWords = (this.lastWords + text).slice(-LAST_WORDS_MAX)
      })
      // A write to a process that has ended. Its end is reported by itself.
      child.stdin?.on('error', () => {})
      child.unref()
      for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket | null)?.unref()
      return child
    } catch (error) {
      this.notStarted(error)
      return null
    }
  }

  /** Its calls wait a moment, so that those who make them again do so calmly. None was executed: the oldest is always that of `open`. */
  private notStarted(error: unknown): void {
    const reason = `it could not be started: ${error instanceof Error ? error.message : String(error)}`
    setTimeout(() => this.ended(reason), START_AGAIN_MS)
  }

  /** Returns the name under which the bundle can be called. */
  open(code: string, owner: HostOwner): string {
    const name = `b${this.names++}`
    this.owners.set(name, owner)
    this.send({ type: 'open', bundle: name, text: JSON.stringify(code) }).catch(() => {})
    return name
  }

  close(name: string): void {
    if (!this.owners.delete(name)) return
    this.send({ type: 'close', bundle: name, text: '' }).catch(() => {})
  }

  /** Resolves to the JSON of the bundle's answer. Rejects with SandboxStuck, SandboxLost, or what the bundle threw. */
  call(request: Request): Promise<string> {
    return this.send(request)
  }

  /** Whether a call waits for its answer. */
  isBusy(): boolean {
    return this.calls.length > 0
  }

  /** Whether runs in work have their coroutines in it. */
  isHeld(): boolean {
    return [...this.owners.values()].some((owner) => owner.isHeld())
  }

  tick(ms: number): void {
    this.quietMs += ms
    const limitMs = this.hasAnswered ? this.callMs : this.callMs + START_MS
    if (this.calls.length > 0 && this.quietMs >= limitMs) this.end(`it did not answer within ${limitMs / 1000} s`)
  }

  end(reason: string): void {
    this.ended(reason)
    this.child?.kill('SIGKILL')
  }

  private send(request: Request): Promise<string> {
    if (this.hasEnded) return Promise.reject(new SandboxLost('the sandbox has ended', false))
    // The time of the oldest call counts from here if the process was idle.
    if (this.calls.length === 0) {
      this.quietMs = 0
      this.keepAlive(true)
    }
    return new Promise((resolve, reject) => {
      this.calls.push({ bundle: request.bundle, resolve, reject })
      this.child?.stdin?.write(writeRequest(request))
    })
  }

  /** Whether this process stays alive for an answer. */
  private keepAlive(isNeeded: boolean): void {
    const output = this.child?.stdout as Socket | null | undefined
    if (isNeeded) output?.ref()
    else output?.unref()
  }

  private read(text: string): void {
    let from = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.received.push(text.slice(from, end))
      const line = this.received.length === 1 ? (this.received[0] ?? '') : this.received.join('')
      this.received = []
      this.receivedChars = 0
      from = end + 1
      this.answered(line)
    }
    if (from === text.length) return
    this.received.push(text.slice(from))
    this.receivedChars += text.length - from
    if (this.receivedChars > 2 * ANSWER_CHARS_MAX) this.end('its answer had no end')
  }

  private answered(line: string): void {
    this.quietMs = 0
    this.hasAnswered = true
    const call = this.calls.shift()
    if (this.calls.length === 0) this.keepAlive(false)
    if (call === undefined) return this.end('it gave an answer without a question')
    if (line.startsWith('+')) return call.resolve(line.slice(1))
    const { message, run, isGone = false } = readRefusal(line)
    if (!isGone) return call.reject(run === undefined ? new Error(message) : new SandboxStuck(run))
    call.reject(new SandboxLost(message, false))
    // As below: the call that ended it was answered before.
    setImmediate(() => this.owners.get(call.bundle)?.onLost())
  }

  private ended(reason: string): void {
    if (this.hasEnded) return
    this.hasEnded = true
    const message = `the sandbox ended: ${reason}`
    for (const [index, { reject }] of this.calls.splice(0).entries()) reject(new SandboxLost(message, index === 0))
    const owners = [...this.owners.values()]
    this.owners.clear()
    // After those who called have been told, so that they can name the run that is the reason.
    setImmediate(() => {
      for (const { onLost } of owners) onLost()
    })
  }

  private describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
    const words = this.lastWords.trim()
    if (/heap out of memory|Allocation failed/i.test(words)) return 'its memory was used up'
    if (words !== '' && !words.includes('\n')) return words
    return signal === null ? `it exited with ${code}` : `it was ended by ${signal}`
  }
}

function readRefusal(line: string): Refusal {
  try {
    const { message, run, isGone } = JSON.parse(line.slice(1)) as { readonly [Name in keyof Refusal]?: unknown }
    return { message: String(message).slice(0, MESSAGE_CHARS_MAX), ...(typeof run === 'string' ? { run } : {}), isGone: isGone === true }
  } catch {
    return { message: 'the sandbox gave an answer that cannot be read' }
  }
}
