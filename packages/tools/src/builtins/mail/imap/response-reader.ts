import type { Socket } from 'node:net'
import { type ImapResponse, parseResponse, type ResponsePiece } from './parse-response.ts'

/** A search may name a million mails in one line. */
const LINE_BYTES_MAX = 8_000_000
const BUFFERED_BYTES_MAX = 2 * LINE_BYTES_MAX
const PIECES_MAX = 40
const NEWLINE = 10

/** Splits a stream of bytes into responses of limited size. Reads no faster than the responses are taken. */
export interface ResponseReader {
  /** @throws SyntaxError, or the error of the socket */
  next(): Promise<ImapResponse>
  /**
   * Releases the socket for another reader.
   * @throws SyntaxError if bytes are left: they were sent before TLS and are not protected by it.
   */
  detach(): void
  /** Number of bytes that `next` has taken so far. */
  taken(): number
}

export function readResponses(socket: Socket, literalBytesMax: number): ResponseReader {
  const queue = queueBytes(socket)
  return {
    async next() {
      const pieces: ResponsePiece[] = []
      for (;;) {
        const text = (await queue.takeLine()).toString('utf8')
        const length = /\{(\d{1,10})\+?\}$/.exec(text)
        pieces.push(length === null ? text : text.slice(0, length.index))
        if (length === null) return parseResponse(pieces)
        const bytes = Number(length[1])
        if (bytes > literalBytesMax || pieces.length > PIECES_MAX) throw new SyntaxError('A literal is too large')
        pieces.push(await queue.take(bytes))
      }
    },
    detach() {
      if (queue.stop() > 0) throw new SyntaxError('The server sent data out of turn')
    },
    taken: queue.taken,
  }
}

/** Concatenates chunks only when the wanted length is known, so that many small chunks cost no more than one large chunk. */
function queueBytes(socket: Socket) {
  let chunks: Buffer[] = []
  let size = 0
  let taken = 0
  /** How many chunks and bytes are known to contain no line end. */
  let searched = { chunks: 0, bytes: 0 }
  let ended: Error | null = null
  let wake = () => {}
  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size > BUFFERED_BYTES_MAX) socket.pause()
    wake()
  }
  const onEnd = (error?: Error | boolean) => {
    ended ??= error instanceof Error ? error : new Error('The server closed the connection')
    wake()
  }
  socket.on('data', onData).on('error', onEnd).on('close', onEnd).on('end', onEnd)

  async function more(): Promise<void> {
    if (ended !== null) throw ended
    if (socket.isPaused()) socket.resume()
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }

  function cut(bytes: number): Buffer {
    const [first] = chunks
    const whole = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
    chunks = whole.length > bytes ? [whole.subarray(bytes)] : []
    size -= bytes
    taken += bytes
    searched = { chunks: 0, bytes: 0 }
    return whole.subarray(0, bytes)
  }

  return {
    async take(bytes: number): Promise<Buffer> {
      while (size < bytes) await more()
      return cut(bytes)
    },
    /** Returns the line without its line end. */
    async takeLine(): Promise<Buffer> {
      for (;;) {
        for (const chunk of chunks.slice(searched.chunks)) {
          const at = chunk.indexOf(NEWLINE)
          if (at >= 0) return withoutLineEnd(cut(searched.bytes + at + 1))
          searched = { chunks: searched.chunks + 1, bytes: searched.bytes + chunk.length }
        }
        if (searched.bytes > LINE_BYTES_MAX) throw new SyntaxError('A line is too long')
        await more()
      }
    },
    taken: () => taken,
    /** Removes the listeners. Returns the number of bytes that were not taken. */
    stop(): number {
      socket.off('data', onData).off('error', onEnd).off('close', onEnd).off('end', onEnd)
      return size
    },
  }
}

const withoutLineEnd = (line: Buffer): Buffer => line.subarray(0, line.at(-2) === 13 ? -2 : -1)
