/** Parses the responses of an IMAP server (RFC 3501 section 7), as far as reading mail needs them. */

/** A literal keeps its bytes; NIL is null. */
export type ImapValue = string | Uint8Array | null | readonly ImapValue[]

export type ImapResponse =
  /** `+`: the server waits for the rest of a command. */
  | { readonly type: 'continue' }
  /** Of a command (by its tag), or untagged (`*`). `code` is the first word in brackets, such as `NONEXISTENT`. */
  | { readonly type: 'status'; readonly tag: string; readonly status: string; readonly code: string | null }
  | { readonly type: 'data'; readonly values: readonly ImapValue[] }

/** A piece of a response: text, or the literal between two texts. */
export type ResponsePiece = string | Uint8Array

const DEPTH_MAX = 20

/** @throws SyntaxError */
export function parseResponse(pieces: readonly ResponsePiece[]): ImapResponse {
  const [first = ''] = pieces
  if (typeof first !== 'string') throw new SyntaxError('A response begins with a literal')
  if (first.startsWith('+')) return { type: 'continue' }
  const status = /^(\S+) (OK|NO|BAD|BYE|PREAUTH)(?: \[([^\]\s]+)(?:\s[^\]]*)?\])?(?: |$)/i.exec(first)
  if (status)
    return { type: 'status', tag: status[1] ?? '', status: (status[2] ?? '').toUpperCase(), code: status[3]?.toUpperCase() ?? null }
  if (!first.startsWith('* ')) throw new SyntaxError('A response has an unknown tag')
  return { type: 'data', values: parseValues([first.slice(2), ...pieces.slice(1)]) }
}

function parseValues(pieces: readonly ResponsePiece[]): readonly ImapValue[] {
  const lists: ImapValue[][] = [[]]
  const add = (value: ImapValue) => lists.at(-1)?.push(value)
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      add(piece)
      continue
    }
    for (const [token, quoted] of piece.matchAll(/[()]|"((?:[^"\\]|\\.)*)"|"|[^\s()"]+/g)) {
      // Stop at the first unclosed quote. If it were skipped, every later quote would be searched to the end of the line again.
      if (token === '"') throw new SyntaxError('A response has an unclosed quote')
      if (token === '(') {
        if (lists.length > DEPTH_MAX) throw new SyntaxError('A response is nested too deep')
        lists.push([])
      } else if (token === ')') {
        const inner = lists.pop() ?? []
        if (lists.length === 0) throw new SyntaxError('A response closes what it did not open')
        add(inner)
      } else if (quoted !== undefined) add(quoted.replaceAll(/\\(.)/g, '$1'))
      else add(/^nil$/i.test(token) ? null : token)
    }
  }
  if (lists.length !== 1) throw new SyntaxError('A response does not close what it opened')
  return lists[0] ?? []
}
