import { AppendStatus } from '../storage/appender.ts'
import { SampleKind } from './window/sample-kind.ts'

/** Samples that were not taken, by reason: floats and histograms. */
export class RefusalCounts {
  readonly #onLate: (seconds: number) => void
  readonly outOfOrder = { float: 0, histogram: 0 }
  readonly tooOld = { float: 0, histogram: 0 }
  readonly tooLate = { float: 0, histogram: 0 }
  /** Batches that were not taken because the disk did not do. */
  commits = 0
  readonly duplicate = { float: 0, histogram: 0 }

  /** `onLate` is told of every sample that its series has gone past, taken or not: how far it is behind the newest of all. */
  constructor(onLate: (seconds: number) => void) {
    this.#onLate = onLate
  }

  late(deltaMs: number): void {
    if (deltaMs > 0) this.#onLate(deltaMs / 1000)
  }

  count(status: AppendStatus, kind: SampleKind): void {
    const type = kind === SampleKind.float ? 'float' : 'histogram'
    if (status === AppendStatus.outOfOrder) this.outOfOrder[type]++
    else if (status === AppendStatus.tooOld) this.tooOld[type]++
    else if (status === AppendStatus.tooLate) this.tooLate[type]++
    else if (status === AppendStatus.duplicateTimestamp) this.duplicate[type]++
  }
}
