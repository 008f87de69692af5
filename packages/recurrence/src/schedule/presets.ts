/** Rules under common names. The time of day comes from the start of the rule unless it sets BYHOUR. */
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
  quarterly: 'FREQ=MONTHLY;INTERVAL=3',
  semi_annual: 'FREQ=MONTHLY;INTERVAL=6',
  yearly: 'FREQ=YEARLY',
  morning_briefing: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=8;BYMINUTE=0;BYSECOND=0',
} as const satisfies Readonly<Record<string, string>>

export type PresetName = keyof typeof presets
