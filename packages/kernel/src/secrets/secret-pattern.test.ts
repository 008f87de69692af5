import { expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { patternOfSecrets } from './secret-pattern.ts'

const SECRETS = ['hunter2-hunter2', 'pa ss/wörd?>~~"x\\y', 'zß水🍌zß水🍌']
const hide = (text: string) => text.replace(patternOfSecrets(SECRETS) ?? /$^/g, '[secret]')

const base64 = (text: string, encoding: 'base64' | 'base64url' = 'base64') => Buffer.from(text).toString(encoding)
const everyLetter = (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('')

const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'in upper case': (secret) => secret.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase()),
  'in JSON': (secret) => JSON.stringify(secret),
  'percent-encoded': encodeURIComponent,
  'percent-encoded in every letter': everyLetter,
  'percent-encoded in one letter': (secret) => everyLetter(secret[0] ?? '') + secret.slice(1),
  'as a form': (secret) => new URLSearchParams({ x: secret }).toString().slice(2),
  'in hexadecimal': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'in base64': base64,
  'in base64url': (secret) => base64(secret, 'base64url'),
  'in base64 in an address': (secret) => encodeURIComponent(base64(secret)),
  'in base64 after one byte': (secret) => base64(`:${secret}`),
  'in base64 within something longer': (secret) => base64(`ab${secret}and more`),
}

test.for(Object.keys(FORMS).flatMap((form) => SECRETS.map((secret) => [form, secret] as const)))(
  'finds a secret %s: %s',
  ([form, secret]) => {
    const shown = FORMS[form]?.(secret) ?? ''
    const hidden = hide(`before ${shown} after ${shown}`)
    expect(hidden).toMatch(/^before .{0,6}\[secret\].{0,16} after .{0,6}\[secret\].{0,16}$/)
  },
)

test('leaves other texts as they are, and does not look for short secrets', () => {
  const text = 'hunter2 hunter 2-hunter aHVudGVyMg== 68756e74657232'
  expect(hide(text)).toBe(text)
  expect(patternOfSecrets(['short', ''])).toBeNull()
})

test.for(Object.keys(FORMS))('finds a long secret %s, to its end', (form) => {
  const secret = Array.from({ length: 40 }, (_, n) => `${n}-wörd~`).join('')
  const shown = FORMS[form]?.(secret) ?? ''
  expect(`before ${shown} after`.replace(patternOfSecrets([secret]) ?? /$^/g, '[secret]')).toMatch(/^before .{0,6}\[secret\].{0,2} after$/)
})

test('takes little time for a text that repeats the beginning of a secret', () => {
  const pattern = patternOfSecrets(['a'.repeat(3000)]) ?? /$^/g
  const text = `${'a'.repeat(60)} `.repeat(3000)
  expect(cpuMs(() => text.replace(pattern, ''))).toBeLessThan(2000)
})
