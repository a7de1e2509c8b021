// Times are shown in the reader's own zone, always 24 h, so that a console looks the same for everyone in a team's call.

/** `2026-11-22 02:07:09`, local. */
export function formatDateTime(time: number): string {
  const date = new Date(time)
  return `${formatDate(date)} ${formatClock(date)}`
}

/** The value of an `<input type="datetime-local">` with seconds: `2026-11-22T02:07:09`, local. */
export function toInputTime(time: number): string {
  const date = new Date(time)
  return `${formatDate(date)}T${formatClock(date)}`
}

/** Reads what `toInputTime` wrote; undefined for an empty or half-typed field. */
export function fromInputTime(text: string): number | undefined {
  const time = new Date(text).getTime()
  return !text.includes('T') || Number.isNaN(time) ? undefined : time
}

/** An axis label for a tick, with no more precision than the distance between ticks has; the date where a day begins. */
export function formatTick(time: number, tickDistanceMs: number): string {
  const date = new Date(time)
  const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0
  if (tickDistanceMs >= 86_400_000 || midnight) return `${two(date.getMonth() + 1)}-${two(date.getDate())}`
  if (tickDistanceMs >= 60_000) return `${two(date.getHours())}:${two(date.getMinutes())}`
  return formatClock(date)
}

function formatDate(date: Date): string {
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

function formatClock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
