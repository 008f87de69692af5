import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCursor, encodeCursor, NUMBER_FORM, TEXT_FORM, TIME_FORM, toPage, UUID_FORM } from './cursor.ts'

describe('cursors', () => {
  it('decodes a cursor to the key that was encoded', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 100 }).filter((text) => !text.includes('\0')),
        fc.nat(),
        (name, seq) => {
          expect(decodeCursor(encodeCursor([name, seq]), [TEXT_FORM, NUMBER_FORM])).toEqual([name, String(seq)])
        },
      ),
    )
  })

  it('rejects a cursor that does not hold a key of the expected form', () => {
    const wrong = ['x', 'e30', encodeCursor([]), encodeCursor(['a', 'b']), encodeCursor(['\0']), Buffer.from('[{}]').toString('base64url')]
    for (const cursor of wrong) {
      expect(() => decodeCursor(cursor, [UUID_FORM])).toThrow(expect.objectContaining({ code: 'invalid_input' }))
    }
    expect(TIME_FORM.test('2026-99-99T00:00:00.000Z')).toBe(false)
  })

  it('returns no next cursor on the last page', () => {
    const rows = [1, 2, 3]
    const page = toPage(rows, 2, String, (row) => [row])
    expect(page).toEqual({ items: ['1', '2'], nextCursor: encodeCursor([2]) })
    expect(toPage(rows, 3, String, (row) => [row]).nextCursor).toBeNull()
    expect(toPage([], 3, String, () => [0])).toEqual({ items: [], nextCursor: null })
  })
})
