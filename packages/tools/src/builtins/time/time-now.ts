import { findZone, formatIso } from '@orrery/recurrence'
import { z } from 'zod'
import { defineBuiltIn, formatted, letters } from '../../port/define-built-in.ts'
import { ToolError } from '../../port/tool-port.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

/** The time of the database, which is the same on every server. */
export const timeNow = defineBuiltIn({
  name: 'time.now',
  description: 'The current time, on the clock of a time zone.',
  args: z.strictObject({
    timezone: letters(64, 1).default('UTC').meta({ description: 'An IANA name, such as Europe/Berlin.' }),
  }),
  output: z.strictObject({
    utc: formatted('date-time'),
    local: formatted('date-time').meta({ description: 'The same moment, with the offset of the zone.' }),
    date: formatted('date'),
    time: z.string().meta({ description: 'Hours, minutes and seconds, such as 07:30:00.' }),
    weekday: z.enum(WEEKDAYS),
    timezone: z.string(),
    epoch_ms: z.int(),
  }),
  scopes: [],
  costTier: 'free',
  timeoutMs: 1_000,
  examples: [
    {
      with: { timezone: 'America/New_York' },
      gives: {
        utc: '2026-11-05T12:30:00.000Z',
        local: '2026-11-05T07:30:00-05:00',
        date: '2026-11-05',
        time: '07:30:00',
        weekday: 'Thursday',
        timezone: 'America/New_York',
        epoch_ms: 1_793_881_800_000,
      },
    },
  ],

  async call({ timezone }, { ctx }) {
    const zone = findZone(timezone)
    if (zone === undefined) {
      throw new ToolError('InvalidTimezone', `There is no time zone ${JSON.stringify(timezone)}`, { isRetryable: false })
    }
    const ms = Math.floor(ctx.clock.now())
    const local = formatIso(zone, ms)
    const [date = '', time = ''] = local.split('T')
    const weekday = WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? 'Sunday'
    const utc = new Date(ms).toISOString()
    return { output: { utc, local, date, time: time.slice(0, 8), weekday, timezone: zone.name, epoch_ms: ms } }
  },
})
