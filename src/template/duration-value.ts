import { formatGoDuration } from '../base/go-duration.ts'
import { GoNamedInt } from './named-int.ts'
import type { Callable, Value } from './value.ts'

/** Go's time.Duration, as templates see it: a span in nanoseconds. Source: Go time, time.go. */
export class GoDuration extends GoNamedInt {
  constructor(nanoseconds: bigint) {
    super('time.Duration', nanoseconds, formatGoDuration(nanoseconds))
  }

  override method(name: string): Callable | undefined {
    const ns = this.value
    const get = (value: Value): Callable => ({ params: [], call: () => value })
    const step = (call: (unit: bigint) => bigint): Callable => ({
      params: [{ type: 'time.Duration' }],
      call: ([unit]) => new GoDuration(call((unit as GoNamedInt).value)),
    })
    switch (name) {
      case 'Hours':
        return get(Number(ns) / 3.6e12)
      case 'Minutes':
        return get(Number(ns) / 6e10)
      case 'Seconds':
        return get(Number(ns) / 1e9)
      case 'Milliseconds':
        return get(ns / 1_000_000n)
      case 'Microseconds':
        return get(ns / 1000n)
      case 'Nanoseconds':
        return get(ns)
      case 'Abs':
        return get(new GoDuration(ns < 0n ? -ns : ns))
      case 'Truncate':
        return step((unit) => (unit <= 0n ? ns : ns - (ns % unit)))
      case 'Round':
        return step((unit) => (unit <= 0n ? ns : roundTo(ns, unit)))
      default:
        return super.method(name)
    }
  }
}

function roundTo(value: bigint, unit: bigint): bigint {
  const rest = value % unit
  const magnitude = rest < 0n ? -rest : rest
  if (magnitude * 2n < unit) return value - rest
  return value < 0n ? value + magnitude - unit : value - rest + unit
}
