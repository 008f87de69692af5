import { type ChildProcess, spawn } from 'node:child_process'
import { homedir, tmpdir } from 'node:os'
import { type JSONRPCMessage, parseJSONRPCMessage, serializeMessage, type Transport } from '@modelcontextprotocol/client'
import { parseForeignJson } from '@orrery/contract'
import { patternOfSecrets } from '@orrery/kernel'
import { createLineReader } from './read-lines.ts'

export interface StdioServer {
  readonly command: string
  readonly args: readonly string[]
  /** Contains secrets. The process also gets PATH and HOME, and nothing else of our environment. */
  readonly env: Readonly<Record<string, string>>
}

const MESSAGE_BYTES_MAX = 10_000_000
const STDERR_LETTERS_MAX = 2_000
const ODD_LINE_LETTERS_MAX = 200
const GRACE_MS = 2_000
const SECRET_LETTERS_MIN = 4
/** Percent-encoding, the longest of the forms in which a secret is found, takes three letters for each byte. */
const FORM_LETTERS_PER_BYTE = 3

/**
 * The stdio transport of MCP: JSON-RPC messages, one in each line. The transport of the library does not end the processes that a server
 * has started, and passes more of our environment than a third-party program needs.
 */
export class StdioTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void
  private readonly server: StdioServer
  private readonly readLines = createLineReader(MESSAGE_BYTES_MAX)
  private oddLines = 0
  private firstOddLine = ''
  private child: ChildProcess | null = null
  private ended: Promise<void> = Promise.resolve()
  private readonly secrets: readonly string[]
  private readonly secretPattern: RegExp | null
  private readonly secretLettersMax: number
  private readonly keptMax: number
  private stderr = ''
  private isCut = false

  constructor(server: StdioServer) {
    this.server = server
    // The longest first, because one secret may be part of another.
    this.secrets = Object.values(server.env)
      .filter(({ length }) => length >= SECRET_LETTERS_MIN)
      .toSorted((a, b) => b.length - a.length)
    this.secretPattern = patternOfSecrets(this.secrets)
    this.secretLettersMax = Math.max(0, ...this.secrets.map((secret) => FORM_LETTERS_PER_BYTE * Buffer.byteLength(secret)))
    this.keptMax = STDERR_LETTERS_MAX + this.secretLettersMax
  }

  /** The end of the standard error of the server, without the secrets in its environment. */
  get stderrTail(): string {
    const shown = this.hideSecrets(this.stderr)
    // The cut may be within a secret. Drop as many characters as may be left of it.
    const from = this.isCut ? Math.max(0, this.secretLettersMax - 1) : 0
    return shown.slice(from).slice(-STDERR_LETTERS_MAX).trim()
  }

  /** What the server wrote to its standard output beside messages, in one sentence without its secrets; null: nothing. */
  get oddOutput(): string | null {
    if (this.oddLines === 0) return null
    const [lines, are] = this.oddLines === 1 ? ['line', 'is no message'] : ['lines', 'are no messages']
    const first = this.hideSecrets(this.firstOddLine).slice(0, ODD_LINE_LETTERS_MAX).toWellFormed().replaceAll('\0', '')
    return `The server wrote ${this.oddLines} ${lines} to its standard output that ${are}, the first: ${first}`
  }

  private hideSecrets(text: string): string {
    const known = this.secretPattern === null ? text : text.replace(this.secretPattern, '[secret]')
    // The pattern leaves out short ones, which are found as they are.
    return this.secrets.reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), known)
  }

  start(): Promise<void> {
    const { command, args, env } = this.server
    const { PATH = '' } = process.env
    // A process group of its own, so that it can be ended with all processes that it starts.
    const child = spawn(command, [...args], {
      env: { PATH, HOME: homedir(), ...env },
      cwd: tmpdir(),
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      detached: process.platform !== 'win32',
    })
    this.child = child
    this.ended = new Promise((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()))
    // Each failed signal emits one.
    child.on('error', (error) => this.onerror?.(error))
    child.stdout.on('data', (chunk: Buffer) => this.receive(chunk))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const stderr = this.stderr + text
      this.stderr = stderr.slice(-this.keptMax)
      this.isCut ||= stderr.length > this.keptMax
    })
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', (error) => this.onerror?.(error))
    // Processes that it started may outlive it, and nothing else would end them. `close` is not emitted while they hold the output.
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

  /** Closes the input, which asks a server to exit (MCP, "Lifecycle", shutdown of stdio), and then sends signals. */
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
      for (const line of this.readLines(chunk)) this.receiveLine(line)
    } catch (error) {
      // A line is too long. Nothing shows where it ends.
      this.onerror?.(error instanceof Error ? error : new Error(String(error)))
      if (this.child !== null) signalGroup(this.child, 'SIGKILL')
    }
  }

  /** Programs log to standard output although they must not (MCP, "Transports", stdio). Such a line says nothing about those after it. */
  private receiveLine(line: string): void {
    let message: JSONRPCMessage
    try {
      message = parseJSONRPCMessage(parseForeignJson(line))
    } catch {
      // `oddOutput` reports it.
      if (line.trim() === '') return
      if (this.oddLines === 0) this.firstOddLine = line
      this.oddLines += 1
      return
    }
    this.onmessage?.(message)
  }
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch (error) {
    // The group has no process left.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
