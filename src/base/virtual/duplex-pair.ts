import { Duplex } from 'node:stream'
import type { Clock } from '../env.ts'

export interface DuplexPairOptions {
  readonly clock: Clock
  /** One way; a stream's bytes keep their order, so it must not become less while something is on its way. */
  readonly latencyMs: () => number
  /** Asked when bytes arrive: false, and nothing that this end sent or sends arrives any more, its end neither. */
  readonly passes: (sender: 0 | 1) => boolean
}

/** Two ends of one connection; what is written to one is read from the other after the latency. */
export function duplexPair({ clock, latencyMs, passes }: DuplexPairOptions): [Duplex, Duplex] {
  const ends: Duplex[] = []
  const end = (self: 0 | 1): Duplex => {
    let isLost = false
    const deliver = (part: Uint8Array | null) => {
      isLost ||= !passes(self)
      const other = ends[1 - self]
      if (!isLost && !other.destroyed) other.push(part)
    }
    return new Duplex({
      allowHalfOpen: true,
      read() {},
      write(bytes: Uint8Array, _encoding, done) {
        clock.setTimer(latencyMs(), () => {
          deliver(bytes)
          done()
        })
      },
      final(done) {
        clock.setTimer(latencyMs(), () => {
          deliver(null)
          done()
        })
      },
      destroy(error, done) {
        clock.setTimer(latencyMs(), () => deliver(null))
        done(error)
      },
    })
  }
  ends.push(end(0), end(1))
  for (const stream of ends)
    Object.assign(stream, {
      setTimeout: () => stream,
      setNoDelay: () => stream,
      setKeepAlive: () => stream,
      ref: () => stream,
      unref: () => stream,
    })
  return [ends[0], ends[1]]
}
