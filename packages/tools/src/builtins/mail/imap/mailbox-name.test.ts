import { expect, test } from 'vitest'
import { quote, quoteMailbox } from './mailbox-name.ts'

test('encodes names as in RFC 3501', () => {
  const names = {
    INBOX: '"INBOX"',
    '~peter/mail/台北/日本語': '"~peter/mail/&U,BTFw-/&ZeVnLIqe-"',
    'A & B': '"A &- B"',
    Ärchiv: '"&AMQ-rchiv"',
    'a"\\b': '"a\\"\\\\b"',
    '😀': '"&2D3eAA-"',
  }
  for (const [name, written] of Object.entries(names)) expect(quoteMailbox(name)).toBe(written)
  // Line breaks are encoded and cannot end the command.
  expect(quoteMailbox('a\r\nb')).toBe('"a&AA0ACg-b"')
})

test('does not quote characters outside of printable ASCII', () => {
  for (const text of ['a\r\nA1 LOGOUT', 'ä', '\u0000']) expect(() => quote(text)).toThrow(RangeError)
})
