import { findOperation } from '@orrery/contract'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { validateInput } from './validate-input.ts'

const shape = z.strictObject({
  name: z.string().min(2),
  items: z.array(z.strictObject({ size: z.enum(['s', 'm']) })).default([]),
})

function errorsOf(raw: unknown): unknown {
  try {
    return validateInput(shape, raw)
  } catch (error) {
    return (error as { extra: { errors: unknown } }).extra.errors
  }
}

describe('validateInput', () => {
  it('returns the input with its defaults', () => {
    expect(validateInput(shape, { name: 'ab' })).toEqual({ name: 'ab', items: [] })
  })

  it('reports every wrong field with its path', () => {
    expect(errorsOf({ name: 'a', items: [{ size: 's' }, { size: 'xl', colour: 1 }], more: 1 })).toEqual([
      { path: 'name', message: expect.any(String), expected: 'at least 2' },
      { path: 'items[1].size', message: expect.any(String), expected: '"s" or "m"' },
      { path: 'items[1].colour', message: 'Unknown field', expected: 'no such field' },
      { path: 'more', message: 'Unknown field', expected: 'no such field' },
    ])
    expect(errorsOf('text')).toEqual([{ path: '', message: expect.any(String), expected: 'object' }])
  })

  it('explains that a time needs its zone', () => {
    const input = findOperation('automations.backfill')?.input ?? z.never()
    expect(() => validateInput(input, { automation: 'a', from: '2026-11-18', to: '2026-11-20T00:00' })).toThrow(
      'from: Expected a time with a time zone, such as 2026-11-05T09:30:00Z (and 1 more)',
    )
  })

  it('reports an object with a `length` in place of a text', () => {
    const odd = { length: { toString: 1, valueOf: 2 } }
    expect(errorsOf({ name: odd })).toEqual([{ path: 'name', message: expect.any(String), expected: 'a text or a list' }])
  })

  it('rejects very deep input, and reports a limited number of wrong fields', () => {
    let deep: unknown = null
    for (let i = 0; i < 500_000; i++) deep = { deep }
    expect(() => validateInput(shape, deep)).toThrow(expect.objectContaining({ code: 'payload_too_large' }))
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`f${n}`, 1]))
    expect(errorsOf(wide)).toHaveLength(50)
  })
})
