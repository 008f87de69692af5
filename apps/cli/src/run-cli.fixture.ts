import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Io } from './io.ts'
import { run } from './run.ts'
import { shown } from './shown.ts'

export interface RecordedRequest {
  readonly line: string
  readonly key: string | undefined
  readonly body: unknown
}

/**
 * Runs command lines in an empty folder, which is also the home folder, against a fake HTTP server that returns the answers of
 * the test.
 */
export async function cliBench(
  answer: (request: RecordedRequest) => { readonly status?: number; readonly body: unknown } = () => ({ body: {} }),
) {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-cli-'))
  const requests: RecordedRequest[] = []
  const server = createServer(async (message, response) => {
    let text = ''
    for await (const chunk of message.setEncoding('utf8')) text += chunk
    const request = {
      line: `${message.method} ${message.url}`,
      key: message.headers.authorization,
      body: text === '' ? null : (JSON.parse(text) as unknown),
    }
    requests.push(request)
    const { status = 200, body } = answer(request)
    response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    folder,
    requests,
    async run(args: readonly string[], env: Record<string, string> = { ORRERY_URL: url, ORRERY_KEY: 'test-key' }, stdin = '') {
      let out = ''
      let err = ''
      const io: Io = {
        env: { HOME: folder, ...env },
        cwd: folder,
        isTerminal: false,
        isInputTerminal: false,
        columns: 100,
        out: ({ text }) => void (out += text),
        err: ({ text }) => void (err += text),
        readStdin: async () => stdin,
        style: (_, text) => shown`${text}`,
        signal: new AbortController().signal,
      }
      const status = await run(args, io)
      return { status, out, err }
    },
    async [Symbol.asyncDispose]() {
      rmSync(folder, { recursive: true, force: true })
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
