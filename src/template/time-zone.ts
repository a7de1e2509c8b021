// Zones of the IANA database, as Node has it: their offsets, and their names as Go prints them.

const OFFSET = /([+-])(\d\d):(\d\d)$/

/** Minutes east of UTC at a time in Unix ms. Throws a RangeError for a zone that there is not. */
export function zoneOffsetMinutes(ms: number, zone: string): number {
  if (zone === 'UTC') return 0
  const text = OFFSET.test(zone) ? zone : zoneName(ms, zone, { locale: 'en-US', form: 'longOffset' })
  const match = OFFSET.exec(text)
  const minutes = Number(match?.[2] ?? 0) * 60 + Number(match?.[3] ?? 0)
  return match?.[1] === '-' ? -minutes : minutes
}

interface NameForm {
  readonly locale: string
  readonly form: 'short' | 'longOffset'
}

function zoneName(ms: number, zone: string, name: NameForm): string {
  const parts = formatter(zone, name).formatToParts(new Date(ms))
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

/** Making one takes 50 µs and 2 kB outside of the heap, which are given back late. */
const formatters = new Map<string, Intl.DateTimeFormat>()
/** Of some tens of zones. */
const FORMATTERS_MAX = 200

/** Throws a RangeError for a zone that there is not. */
function formatter(zone: string, { locale, form }: NameForm): Intl.DateTimeFormat {
  const key = `${locale} ${form} ${zone}`
  let known = formatters.get(key)
  if (known === undefined) {
    known = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: form })
    if (formatters.size >= FORMATTERS_MAX) formatters.clear()
    formatters.set(key, known)
  }
  return known
}

/** Whether the zone database has a zone. */
export function isZone(zone: string): boolean {
  try {
    formatter(zone, { locale: 'en-US', form: 'longOffset' })
    return true
  } catch {
    return false
  }
}

const ABBREVIATION_LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-NZ', 'en-ZA']

/** CET, EST: as the zone database has them where the locales know them, else the offset, as Go prints zones without a name. */
export function zoneAbbreviation(ms: number, zone: string, offsetMinutes: number): string {
  if (zone === 'UTC') return 'UTC'
  for (const locale of ABBREVIATION_LOCALES) {
    if (OFFSET.test(zone)) break
    const name = zoneName(ms, zone, { locale, form: 'short' })
    if (/^[A-Z]{3,5}$/.test(name)) return name
  }
  const sign = offsetMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(offsetMinutes)
  const isWhole = minutes % 60 === 0 && !OFFSET.test(zone)
  return `${sign}${two(Math.floor(minutes / 60))}${isWhole ? '' : two(minutes % 60)}`
}

const two = (value: number): string => String(value).padStart(2, '0')
