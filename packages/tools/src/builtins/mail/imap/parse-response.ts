/** What a server of IMAP says: RFC 3501 section 7, as far as a reader of mail needs it. */

/** A literal keeps its bytes; NIL is null. */
export type ImapValue = string | Uint8Array | null | readonly ImapValue[]

export type ImapResponse =
  /** `+`: the server waits for the rest of a command. */
  | { readonly type: 'continue' }
  /** Of a command (by its tag), or untagged (`*`). The code is what stands in brackets, its first word: `NONEXISTENT`. */
  | { readonly type: 'status'; readonly tag: string; readonly status: string; readonly code: string | null }
  | { readonly type: 'data'; readonly values: readonly ImapValue[] }

/** Pieces of a response: text, and between two of them a literal. */
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
  if (!first.startsWith('* ')) throw new SyntaxError('A response has no tag that is known')
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
      // Looked for once: were it passed over, each quote behind it would be searched to the end of the line as well.
      if (token === '"') throw new SyntaxError('A response has a quote without an end')
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
