import { z } from 'zod'
import { deviceId, memberId, orgId } from '../ids.ts'
import { roleName } from '../permissions.ts'
import { text, timestamp } from '../scalars.ts'

/** A person, as they see themselves. */
export const profile = z.object({
  name: z.string(),
  email: z.string().meta({ description: 'The address with which the person logs in.' }),
  locale: z.string().nullable().meta({ description: 'BCP 47. Null: that of the browser.' }),
  zone: z.string().nullable().meta({ description: 'IANA time zone. Null: that of the browser.' }),
  notifyEmail: z.string().meta({ description: 'Where notifications go. Unless the person chose another address: `email`.' }),
})

function isLocale(value: string): boolean {
  try {
    return Intl.getCanonicalLocales(value).length === 1
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function isZone(value: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    // An offset such as +02:00 has no daylight saving time.
    return /^[A-Za-z]/.test(value)
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

export const profileChanges = {
  name: text(128)
    .refine((value) => value.trim() === value, 'May not begin or end with spaces')
    .meta({ description: 'Your name in all your organizations.' }),
  locale: text(35)
    .refine(isLocale, 'Expected a language in the form of BCP 47, such as de-CH')
    .nullable()
    .meta({ description: 'BCP 47, such as `de-CH`. Null: that of the browser.' }),
  zone: text(64)
    .refine(isZone, 'Expected a time zone of the IANA database, such as Europe/Zurich')
    .nullable()
    .meta({ description: 'IANA time zone, such as `Europe/Zurich`. Null: that of the browser.' }),
  notifyEmail: z.email().max(254).nullable().meta({ description: 'Where notifications go. Null: the address with which you log in.' }),
}

/** A login of the person on one device. */
export const device = z.object({
  id: deviceId,
  kind: z.enum(['browser', 'cli']),
  userAgent: z.string().meta({ description: 'What logged in, in words, such as `Firefox on Linux`.' }),
  address: z.string().nullable().meta({ description: 'The network address from which the login was made.' }),
  createdAt: timestamp,
  lastUsedAt: timestamp.nullable().meta({ description: 'Accurate to one minute.' }),
  current: z.boolean().meta({ description: 'Whether it is the login of this request.' }),
})

/** What the person is in one organization. */
export const orgOfPerson = z.object({
  orgId,
  name: z.string(),
  memberId,
  role: roleName,
  suspended: z.boolean(),
  current: z.boolean().meta({ description: 'Whether this request was made in it.' }),
})
