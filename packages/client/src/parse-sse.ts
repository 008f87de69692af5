/**
 * One message of an event stream (WHATWG HTML, 9.2). `id` is the last id seen, as the standard requires. A message without data only
 * advances the position in the stream.
 */
export interface ServerMessage {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** Messages of a `text/event-stream` body. Comments (heartbeats) yield nothing; `onComment` is called for each. */
export async function* parseSse(body: AsyncIterable<Uint8Array>, onComment?: () => void): AsyncGenerator<ServerMessage> {
  let id = ''
  let event = ''
  let data: string[] = []
  let moved = false
  for await (const line of linesOf(body)) {
    if (line === '') {
      if (data.length > 0 || moved) yield { id, event: event === '' ? 'message' : event, data: data.join('\n') }
      event = ''
      data = []
      moved = false
      continue
    }
    const colon = line.indexOf(':')
    if (colon === 0) {
      onComment?.()
      continue
    }
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id' && !value.includes('\0')) {
      moved = value !== id
      id = value
    }
  }
}

/** Lines end in LF, CR or CRLF. An unfinished last line is dropped, as the standard requires. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let buffer = ''
  for await (const chunk of body) {
    buffer += decoder.decode(chunk, { stream: true })
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(buffer)
      if (end === null) break
      yield buffer.slice(0, end.index)
      buffer = buffer.slice(end.index + end[0].length)
    }
  }
}
