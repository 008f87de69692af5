/**
 * The program of a process that runs the bundles of one organization. It reads requests from standard input and writes answers to standard
 * output, one per line, in the same order (see sandbox-lines.ts). It never returns to an event loop: between two calls nothing runs, so a
 * call that does not return is the oldest that has no answer. A thread ends the process when its parent is gone or it uses too much memory.
 */
import { readSync, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { GUARD_MS } from './bundle-host.ts'
import { createSandbox, type Sandbox, SandboxGone, SandboxStuck } from './create-sandbox.ts'
import { locateStack } from './locate-stack.ts'
import {
  ANSWER_CHARS_MAX,
  ANSWER_VALUES_MAX,
  type Answer,
  countValues,
  MESSAGE_CHARS_MAX,
  type Refusal,
  type Request,
  readRequest,
} from './sandbox-lines.ts'

const WATCH_MS = 500

/** @param memoryMb of the whole process, code and buffers included */
function watch(memoryMb: number, parent: number): void {
  const code = `
    const { writeSync } = require('node:fs')
    setInterval(() => {
      if (process.ppid !== ${parent}) process.kill(process.pid, 'SIGKILL')
      if (process.memoryUsage.rss() < ${memoryMb} * 2 ** 20) return
      writeSync(2, 'it used more than ${memoryMb} MB of memory')
      process.kill(process.pid, 'SIGKILL')
    }, ${WATCH_MS})`
  new Worker(code, { eval: true, stdout: true, stderr: true }).unref()
}

interface OpenBundle {
  /** JSON of the code. */
  readonly text: string
  map: string
  sandbox: Sandbox | null
}

const bundles = new Map<string, OpenBundle>()

function execute({ type, bundle, text }: Request): string {
  if (type === 'open') {
    bundles.set(bundle, { text, map: '', sandbox: null })
    return ''
  }
  const open = bundles.get(bundle)
  if (open === undefined) throw new Error(`bundle ${bundle} is not open`)
  const sandbox = (): Sandbox => {
    open.sandbox ??= createSandbox(JSON.parse(open.text) as string, { timeoutMs: GUARD_MS })
    return open.sandbox
  }
  switch (type) {
    case 'activate':
      return sandbox().activateText(text)
    case 'validate':
      return JSON.stringify(sandbox().validateInputs(JSON.parse(text)))
    case 'describe':
      return JSON.stringify(sandbox().describe())
    case 'locate': {
      const { stacks, map = open.map } = JSON.parse(text) as { stacks: string[]; map?: string }
      open.map = map
      const code = JSON.parse(open.text) as string
      return JSON.stringify(stacks.map((stack) => locateStack(stack, code, map)))
    }
    case 'close':
      bundles.delete(bundle)
      return ''
  }
}

function answer(request: Request): Answer {
  try {
    const text = execute(request)
    const fault = findFault(text)
    return fault === null ? { ok: true, text } : refuse({ message: `the bundle's answer ${fault}` })
  } catch (error) {
    const message = String(error instanceof Error ? error.message : error).slice(0, MESSAGE_CHARS_MAX)
    return refuse({ message, ...(error instanceof SandboxStuck ? { run: error.run } : {}), isGone: error instanceof SandboxGone })
  }
}

const refuse = (refusal: Refusal): Answer => ({ ok: false, text: JSON.stringify(refusal) })

/** What the parent cannot take. */
function findFault(text: string): string | null {
  if (text.length > ANSWER_CHARS_MAX) return `has ${text.length} characters; at most ${ANSWER_CHARS_MAX} are accepted`
  // What followed would be taken for the answer to the next call, which may be that of another bundle.
  if (text.includes('\n')) return 'contains a line break'
  const values = countValues(text)
  return values > ANSWER_VALUES_MAX ? `has ${values} values; at most ${ANSWER_VALUES_MAX} are accepted` : null
}

function write(text: string): void {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; ) from += writeSync(1, bytes, from)
}

function serve(): void {
  const chunk = Buffer.alloc(1 << 16)
  let parts: Buffer[] = []
  for (let size = readSync(0, chunk); size > 0; size = readSync(0, chunk)) {
    let from = 0
    for (let end = chunk.indexOf(10, from); end >= 0 && end < size; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)]).toString()
      parts = []
      from = end + 1
      const { ok, text } = answer(readRequest(line))
      write(`${ok ? '+' : '-'}${text}\n`)
    }
    if (from < size) parts.push(Buffer.from(chunk.subarray(from, size)))
  }
}

watch(Number(process.argv[2]), Number(process.argv[3]))
serve()
