import { isIP } from 'node:net'
import { duration, email } from '@orrery/contract'
import { parseDurationMs } from '@orrery/recurrence'
import { z } from 'zod'

/** A comma-separated list. Blanks around entries, empty entries and duplicates are dropped. */
export function listSetting<T extends z.ZodType<unknown, string>>(entry: T) {
  return z
    .string()
    .transform((value) => [
      ...new Set(
        value
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== ''),
      ),
    ])
    .pipe(z.array(entry).min(1))
}

export function switchSetting() {
  return z
    .string()
    .toLowerCase()
    .pipe(z.enum(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off']))
    .transform((value) => ['true', '1', 'yes', 'on'].includes(value))
}

/** Parses `30s`, `1m30s` or `PT30S` to milliseconds. */
export function durationSetting() {
  return duration.transform((value) => parseDurationMs(value))
}

/** A URL whose user name and password are valid percent-encoding: the database drivers decode both. */
export function urlWithPassword(protocol: RegExp) {
  return z.url({ protocol }).refine((value) => {
    if (!URL.canParse(value)) return false
    const { username, password } = new URL(value)
    return isEscaped(username) && isEscaped(password)
  })
}

function isEscaped(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch (error) {
    if (error instanceof URIError) return false
    throw error
  }
}

/** A sender of mails: `orrery@example.com`, or with a name before it, `Orrery <orrery@example.com>`. */
export function senderSetting() {
  return z
    .string()
    .regex(/^[^<>\p{Cc}]*$|^[^<>\p{Cc}]{0,100}<[^<>\p{Cc}]*>$/u)
    .transform((value) => {
      const [, name = '', address = value] = /^(.*)<(.*)>$/.exec(value) ?? []
      return { name: name.trim().replace(/^"(.*)"$/, '$1'), address }
    })
    .pipe(z.object({ name: z.string(), address: email }))
}

/** Whether the text is an address or a range such as 10.0.0.0/8. */
export function isAddressOrRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const bitsMax = { 4: 32, 6: 128 }[isIP(address)]
  return bitsMax !== undefined && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax))
}
