import { describe, expect, it } from 'vitest'
import { addressForms } from './address-forms.ts'

const mentions = (text: string, address: string) => {
  const { needles, pattern } = addressForms(address)
  const lower = text.toLowerCase()
  return needles.some((needle) => lower.includes(needle)) && new RegExp(pattern).test(lower)
}
const ADA = 'Ada.L+x@Example.com'

describe('an address is found', () => {
  it.each([
    'ada.l+x@example.com',
    'Write to ADA.L+X@EXAMPLE.COM.',
    '<ada.l+x@example.com>,',
    'mailto:ada.l+x@example.com?subject=hi',
    JSON.stringify({ to: 'ada.l+x@example.com' }),
    JSON.stringify({ text: 'Dear\nada.l+x@example.com\tand others' }),
    JSON.stringify(JSON.stringify({ text: 'Dear\nada.l+x@example.com' })),
    String.raw`"ada.l+x\u0040example.com"`,
    String.raw`"\u0022ada.l+x@example.com\u0022"`,
  ])('in %s', (text) => expect(mentions(text, ADA)).toBe(true))

  it.each(['jörg@example.com', 'o"hara@example.com'])('also with letters that JSON escapes: %s', (address) => {
    const escaped = JSON.stringify(address).replaceAll('ö', String.raw`\u00f6`)
    for (const text of [address, JSON.stringify(address), escaped, JSON.stringify(escaped), JSON.stringify(JSON.stringify(address))])
      expect(mentions(text, address)).toBe(true)
  })
})

it.each([
  'xada.l+x@example.com',
  'my-ada.l+x@example.com',
  'ada.l+x@example.com.au',
  'ada.l+x@example.community',
  'adaxl+x@example.com',
  'ada@example.com',
])('another address is not taken for it: %s', (text) => expect(mentions(text, ADA)).toBe(false))
