import { expect, test } from 'vitest'
import { quote, quoteMailbox } from './mailbox-name.ts'

test('names are written as RFC 3501 shows', () => {
  const names = {
    INBOX: '"INBOX"',
    '~peter/mail/台北/日本語': '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"',
    'A & B': '"A &- B"',
    Ärchiv: '"&AMQ-rchiv"',
    'a"\\b': '"a\\"\\\\b"',
    '😀': '"&2D3eAA-"',
  }
  for (const [name, written] of Object.entries(names)) expect(quoteMailbox(name)).toBe(written)
  // A line cannot be ended in one.
  expect(quoteMailbox('a\r\nb')).toBe('"a&AA0ACg-b"')
})

test('what is not printable is not quoted', () => {
  for (const text of ['a\r\nA1 LOGOUT', 'ä', '\u0000']) expect(() => quote(text)).toThrow(RangeError)
})
