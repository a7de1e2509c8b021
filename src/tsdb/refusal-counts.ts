import { AppendStatus } from '../storage/appender.ts'
import { SampleKind } from './window/sample-kind.ts'

/** Samples that were not taken, by reason: floats and histograms. */
export class RefusalCounts {
  readonly outOfOrder = { float: 0, histogram: 0 }
  readonly tooOld = { float: 0, histogram: 0 }
  readonly duplicate = { float: 0, histogram: 0 }

  count(status: AppendStatus, kind: SampleKind): void {
    const type = kind === SampleKind.float ? 'float' : 'histogram'
    if (status === AppendStatus.outOfOrder) this.outOfOrder[type]++
    else if (status === AppendStatus.tooOld) this.tooOld[type]++
    else if (status === AppendStatus.duplicateTimestamp) this.duplicate[type]++
  }
}
