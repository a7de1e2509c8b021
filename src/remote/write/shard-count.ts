// How many shards a destination needs. Source: Prometheus storage/remote/queue_manager.go, calculateDesiredShards; ewma.go.

/** How often it is looked. */
export const SHARD_UPDATE_MS = 10_000
const EWMA_WEIGHT = 0.2
/** A number of shards that is so near to what is wanted stays. */
const TOLERANCE = 0.3
/** The part of what waits that is to be sent each second beside what comes. */
const CATCH_UP = 0.05
/** A destination that is further behind keeps its shards. */
const BEHIND_SECONDS_MAX = 10

/** A rate per second that the newest counts move by a fifth. */
class Rate {
  #events = 0
  #rate = 0
  #hasRate = false

  add(events: number): void {
    this.#events += events
  }

  tick(): void {
    const rate = this.#events / (SHARD_UPDATE_MS / 1000)
    this.#events = 0
    this.#rate = this.#hasRate ? this.#rate + EWMA_WEIGHT * (rate - this.#rate) : rate
    this.#hasRate ||= rate > 0
  }

  get perSecond(): number {
    return this.#rate
  }
}

export class ShardCount {
  /** Samples that were read, that were sent, that were dropped, and the seconds that sending took. */
  readonly read = new Rate()
  readonly sent = new Rate()
  readonly dropped = new Rate()
  readonly seconds = new Rate()

  /** What is wanted, and what should be; `behindSeconds` is between the newest sample there is and the newest that was sent. */
  next(
    count: number,
    behindSeconds: number,
    { minShards, maxShards }: { readonly minShards: number; readonly maxShards: number },
  ): { readonly desired: number; readonly count: number } {
    for (const rate of [this.read, this.sent, this.dropped, this.seconds]) rate.tick()
    const out = this.sent.perSecond
    if (out <= 0) return { desired: count, count }
    const keptRatio = out / (this.dropped.perSecond + out)
    const kept = this.read.perSecond * keptRatio
    const pending = Math.max(0, behindSeconds) * kept
    const secondsPerSample = this.seconds.perSecond / out
    const desired = secondsPerSample * (kept + CATCH_UP * pending)
    const whole = Math.ceil(desired)
    if (whole >= count * (1 - TOLERANCE) && whole <= count * (1 + TOLERANCE)) return { desired, count }
    if (whole < count && behindSeconds > BEHIND_SECONDS_MAX) return { desired, count }
    return { desired, count: Math.min(Math.max(whole, minShards), maxShards) }
  }
}
