import { type ChildProcess, spawn } from 'node:child_process'
import { homedir, tmpdir } from 'node:os'
import { type JSONRPCMessage, ReadBuffer, serializeMessage, type Transport } from '@modelcontextprotocol/client'

export interface StdioServer {
  readonly command: string
  readonly args: readonly string[]
  /** With secrets. Beside it the process gets PATH and HOME, and nothing of ours. */
  readonly env: Readonly<Record<string, string>>
}

const MESSAGE_BYTES_MAX = 10_000_000
const TOLD_LETTERS_MAX = 2_000
const GRACE_MS = 2_000
const SECRET_LETTERS_MIN = 4

/**
 * The stdio transport of MCP over a process of our own: JSON-RPC messages, one a line. The library's own leaves what a server started behind
 * when it ends it, and hands on more of our environment than a stranger's program needs.
 */
export class StdioTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  private readonly server: StdioServer
  private readonly buffer = new ReadBuffer({ maxBufferSize: MESSAGE_BYTES_MAX })
  private child: ChildProcess | null = null
  private ended: Promise<void> = Promise.resolve()
  private readonly secrets: readonly string[]
  private readonly keptMax: number
  private told = ''
  private isCut = false

  constructor(server: StdioServer) {
    this.server = server
    // The longest first: one may be part of another.
    this.secrets = Object.values(server.env)
      .filter(({ length }) => length >= SECRET_LETTERS_MIN)
      .toSorted((a, b) => b.length - a.length)
    this.keptMax = TOLD_LETTERS_MAX + (this.secrets[0]?.length ?? 0)
  }

  /** The end of what the server wrote to its standard error, without the secrets that it was given. */
  get lastWords(): string {
    const shown = this.secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), this.told)
    // What came before was cut off, perhaps within a secret, of which no longer end can be left.
    const from = this.isCut ? Math.max(0, ...this.secrets.map(({ length }) => length - 1)) : 0
    return shown.slice(from).slice(-TOLD_LETTERS_MAX).trim()
  }

  start(): Promise<void> {
    const { command, args, env } = this.server
    const { PATH = '' } = process.env
    // A group of its own, so that it can be ended with all that it starts.
    const child = spawn(command, [...args], {
      env: { PATH, HOME: homedir(), ...env },
      cwd: tmpdir(),
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      detached: process.platform !== 'win32',
    })
    this.child = child
    this.ended = new Promise((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
    child.stdout.on('data', (chunk: Buffer) => this.receive(chunk))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const told = this.told + text
      this.told = told.slice(-this.keptMax)
      this.isCut ||= told.length > this.keptMax
    })
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', (error) => this.onerror?.(error))
    // What it started may outlive it, and nobody else would end that. As long as it holds the output, there is no `close`.
    child.once('exit', () => signalGroup(child, 'SIGKILL'))
    child.once('close', () => {
      this.child = null
      this.onclose?.()
    })
    return new Promise((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
  }

  send(message: JSONRPCMessage): Promise<void> {
    const input = this.child?.stdin
    if (!input?.writable) return Promise.reject(new Error('The server has ended'))
    return new Promise((resolve, reject) => {
      input.write(serializeMessage(message), (error) => (error ? reject(error) : resolve()))
    })
  }

  /** An end of input is how a server is asked to go (MCP, "Lifecycle", shutdown of stdio); then signals. */
  async close(): Promise<void> {
    const { child } = this
    if (child === null) return
    child.stdin?.end()
    if (await this.endsWithin(GRACE_MS)) return
    signalGroup(child, 'SIGTERM')
    if (await this.endsWithin(GRACE_MS)) return
    signalGroup(child, 'SIGKILL')
    await this.ended
  }

  private async endsWithin(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), ms)
    const ended = await Promise.race([this.ended.then(() => true), promise])
    clearTimeout(timer)
    return ended
  }

  private receive(chunk: Buffer): void {
    try {
      this.buffer.append(chunk)
      for (;;) {
        const message = this.buffer.readMessage()
        if (message === null) return
        this.onmessage?.(message)
      }
    } catch (error) {
      // A line that is no message, or too long: nothing after it can be relied on.
      this.onerror?.(error instanceof Error ? error : new Error(String(error)))
      if (this.child !== null) signalGroup(this.child, 'SIGKILL')
    }
  }
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch (error) {
    // Nobody of the group is left.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
