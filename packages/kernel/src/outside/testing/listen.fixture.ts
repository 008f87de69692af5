import { createServer as createHttp, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { OutsideError } from '../outside-error.ts'
import { type OutsidePolicy, outsidePolicy } from '../outside-policy.ts'

/** Starts a server on a free port. It is closed with all its connections when the test has finished. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

export function listenHttp(answer: RequestListener): Promise<number> {
  return listen(createHttp(answer))
}

/** Calls `act` for every connection as soon as it has received something. */
export function listenRaw(act: (socket: Socket) => void): Promise<number> {
  return listen(createServer((socket) => socket.once('data', () => act(socket))))
}

/** A policy that allows only these entries, with a resolver that knows only these names. */
export function policyOf(allow: OutsidePolicy['allow'], names: Readonly<Record<string, readonly string[]>> = {}): OutsidePolicy {
  const resolve = async (name: string) => {
    const addresses = names[name]
    if (!addresses) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' })
    return addresses
  }
  return { ...outsidePolicy, allow, resolve, connectMs: 3_000, headersMs: 3_000, totalMs: 5_000 }
}

export async function failureOf(act: Promise<unknown>): Promise<OutsideError> {
  const error: unknown = await act.then(
    () => new Error('It did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof OutsideError) return error
  throw error
}
