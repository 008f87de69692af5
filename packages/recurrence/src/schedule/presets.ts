/** Rules under common names, those of Ordinaut. The time of day comes from the start of the rule unless it sets BYHOUR. */
export const presets = {
  daily: 'FREQ=DAILY',
  business_days: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR',
  weekly: 'FREQ=WEEKLY',
  biweekly: 'FREQ=WEEKLY;INTERVAL=2',
  monthly: 'FREQ=MONTHLY',
  first_monday: 'FREQ=MONTHLY;BYDAY=1MO',
  last_friday: 'FREQ=MONTHLY;BYDAY=-1FR',
  last_weekday_of_month: 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
  last_day_of_month: 'FREQ=MONTHLY;BYMONTHDAY=-1',
  quarterly: 'FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1',
  semi_annual: 'FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=1',
  yearly: 'FREQ=YEARLY',
  morning_briefing: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=8;BYMINUTE=30;BYSECOND=0',
} as const satisfies Readonly<Record<string, string>>

export type PresetName = keyof typeof presets

const WRITTEN = /^([a-z_]+)(?:\s+at\s+([01]\d|2[0-3]):([0-5]\d))?$/

/** The rule of a preset as it is written in a text: `quarterly`, or with a time of day: `business_days at 09:00`. Undefined: not a preset. */
export function readPreset(text: string): string | undefined {
  const [, name = '', hour, minute] = WRITTEN.exec(text) ?? []
  if (!Object.hasOwn(presets, name)) return undefined
  const rule: string = presets[name as PresetName]
  if (hour === undefined) return rule
  const days = rule.split(';').filter((part) => !/^BY(HOUR|MINUTE|SECOND)=/.test(part))
  return [...days, `BYHOUR=${Number(hour)}`, `BYMINUTE=${Number(minute)}`, 'BYSECOND=0'].join(';')
}
