const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration in Go's notation; undefined: it is none. Source: Go time.ParseDuration. */
export function parseGoDuration(text: string): number | undefined {
  const [, sign, rest] = /^([+-]?)(.+)$/s.exec(text) ?? []
  if (rest === undefined) return undefined
  if (rest === '0') return 0
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined
  let sum = 0
  for (const [, number, unit] of rest.matchAll(/([\d.]+)(\D+)/g)) sum += Number(number) * UNIT_MS[unit!]!
  return sign === '-' ? -sum : sum
}
