import type { LabelRange } from '../../storage/series-source.ts'
import type { Remark } from './annotations.ts'
import type { Steps } from './steps.ts'

// How a part of a query is asked of somebody else, and answered: plain data, so that it can be sent to another thread.

/** What is to be evaluated: a node of the plan that is split, of the series in each of some ranges. */
export interface Fragment {
  /** Of the SplitPlan, in the plan that everybody makes of the query. */
  readonly id: number
  readonly steps: Steps
  /** One behind the other in label order. */
  readonly ranges: readonly LabelRange[]
}

/** Label sets without an object each: all texts in one, how long each of them is, and how many texts each set has. */
export interface PackedLabels {
  readonly text: string
  readonly lengths: Uint32Array
  readonly counts: Uint32Array
}

/** What was found of a part: the series as they are, or what an aggregation has of each group so far. */
export interface FragmentPart {
  readonly labels: PackedLabels
  readonly dropNames: Uint8Array
  /** Of series: their values and where they have any. Of groups: what their SplitReducer keeps. Series by series, step by step. */
  readonly columns: readonly (Float64Array | Int32Array | Uint8Array)[]
  readonly remarks: readonly Remark[]
  readonly samplesTotal: number
  readonly samplesRead: number
}

/** Parts of one fragment on their way. */
export interface FragmentWork {
  /** Whether a part is the caller's to evaluate; false: somebody else has begun it. Asked of each part in turn. */
  claim(part: number): boolean
  /** What came of a part that somebody else has begun; undefined: they could not, and it is the caller's. Rejects when they failed. */
  result(part: number): Promise<FragmentPart | undefined>
}

/** Who evaluates parts of a query while its own thread does as well. */
export interface SplitHelpers {
  /** Into how many parts it is worth dividing. */
  readonly partCount: number
  begin(fragment: Fragment): FragmentWork
}

/** What the columns of a part take of memory. */
export function bytesOfColumns({ columns }: FragmentPart): number {
  return columns.reduce((sum, { byteLength }) => sum + byteLength, 0)
}

/** The buffers of a part, which need not be copied when it is sent. */
export function buffersOf({ labels, dropNames, columns }: FragmentPart): ArrayBuffer[] {
  return [labels.lengths, labels.counts, dropNames, ...columns].map(({ buffer }) => buffer as ArrayBuffer)
}
