import { isZoneName } from '../zone/zone.ts'

/** The frequent names of zones in Outlook and Exchange, with their IANA names (Unicode CLDR, `windowsZones`, territory 001). */
const outlookNames: Readonly<Record<string, string>> = {
  'alaskan standard time': 'America/Anchorage',
  'arab standard time': 'Asia/Riyadh',
  'arabian standard time': 'Asia/Dubai',
  'argentina standard time': 'America/Buenos_Aires',
  'atlantic standard time': 'America/Halifax',
  'aus central standard time': 'Australia/Darwin',
  'aus eastern standard time': 'Australia/Sydney',
  'canada central standard time': 'America/Regina',
  'cen. australia standard time': 'Australia/Adelaide',
  'central america standard time': 'America/Guatemala',
  'central asia standard time': 'Asia/Almaty',
  'central europe standard time': 'Europe/Budapest',
  'central european standard time': 'Europe/Warsaw',
  'central standard time': 'America/Chicago',
  'central standard time (mexico)': 'America/Mexico_City',
  'china standard time': 'Asia/Shanghai',
  'e. africa standard time': 'Africa/Nairobi',
  'e. australia standard time': 'Australia/Brisbane',
  'e. south america standard time': 'America/Sao_Paulo',
  'eastern standard time': 'America/New_York',
  'egypt standard time': 'Africa/Cairo',
  'fle standard time': 'Europe/Kiev',
  'gmt standard time': 'Europe/London',
  'greenwich standard time': 'Atlantic/Reykjavik',
  'gtb standard time': 'Europe/Bucharest',
  'hawaiian standard time': 'Pacific/Honolulu',
  'india standard time': 'Asia/Calcutta',
  'iran standard time': 'Asia/Tehran',
  'israel standard time': 'Asia/Jerusalem',
  'korea standard time': 'Asia/Seoul',
  'middle east standard time': 'Asia/Beirut',
  'morocco standard time': 'Africa/Casablanca',
  'mountain standard time': 'America/Denver',
  'new zealand standard time': 'Pacific/Auckland',
  'newfoundland standard time': 'America/St_Johns',
  'pacific sa standard time': 'America/Santiago',
  'pacific standard time': 'America/Los_Angeles',
  'pakistan standard time': 'Asia/Karachi',
  'romance standard time': 'Europe/Paris',
  'russian standard time': 'Europe/Moscow',
  'sa pacific standard time': 'America/Bogota',
  'se asia standard time': 'Asia/Bangkok',
  'singapore standard time': 'Asia/Singapore',
  'south africa standard time': 'Africa/Johannesburg',
  'taipei standard time': 'Asia/Taipei',
  'tasmania standard time': 'Australia/Hobart',
  'tokyo standard time': 'Asia/Tokyo',
  'turkey standard time': 'Europe/Istanbul',
  'us eastern standard time': 'America/Indianapolis',
  'us mountain standard time': 'America/Phoenix',
  'w. australia standard time': 'Australia/Perth',
  'w. central africa standard time': 'Africa/Lagos',
  'w. europe standard time': 'Europe/Berlin',
}

/**
 * The IANA zone that a TZID means: an IANA name, one with a prefix (`/freeassociation.sourceforge.net/Europe/Berlin`), or Outlook's name.
 */
export function nameZone(tzid: string): string | undefined {
  if (isZoneName(tzid)) return tzid
  const tail = /(?:^|\/)((?:[A-Za-z_]+\/)?[A-Za-z_]+\/[A-Za-z_+\-0-9]+)$/.exec(tzid)?.[1]
  const parts = tail?.split('/') ?? []
  const found = [parts.slice(-3), parts.slice(-2)].map((some) => some.join('/')).find((name) => name.includes('/') && isZoneName(name))
  return found ?? outlookNames[tzid.toLowerCase()]
}
