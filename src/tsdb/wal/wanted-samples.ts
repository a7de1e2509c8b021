import type { Breather } from '../../base/breather.ts'
import type { File } from '../../base/env.ts'
import type { Timestamp } from '../../model/time.ts'
import { SampleRun } from '../window/append-run.ts'
import { decodeHistogramsRecord, decodeSamplesFromRecord } from './decode.ts'
import { RecordType } from './record.ts'
import type { ReplayTarget } from './replay.ts'
import { sampleSlices } from './sample-slices.ts'
import { type SegmentPart, scanSegment } from './scan-segment.ts'

/** Samples that there is room for at first. */
const ROOM = 16 * 1024
/** Samples that are handed over at once. */
const RUN_SAMPLES = 256

/** Samples of some series, which are known by their places in a list, in order of the log: columns, whose floats keep their bits. */
export class WantedSamples {
  #count = 0
  #places = new Uint32Array(ROOM)
  #times = new Float64Array(ROOM)
  #values = new Float64Array(ROOM)
  /** 0 where it is not known. */
  #startTimes = new Float64Array(ROOM)
  #hasStartTimes = false

  add(place: number, t: Timestamp, v: number, startTime: Timestamp): void {
    const at = this.#count
    if (at === this.#places.length) {
      this.#places = enlarged(this.#places, new Uint32Array(2 * at))
      this.#times = enlarged(this.#times, new Float64Array(2 * at))
      this.#values = enlarged(this.#values, new Float64Array(2 * at))
      this.#startTimes = enlarged(this.#startTimes, new Float64Array(2 * at))
    }
    this.#places[at] = place
    this.#times[at] = t
    this.#values[at] = v
    this.#startTimes[at] = startTime
    if (startTime !== 0) this.#hasStartTimes = true
    this.#count = at + 1
  }

  /** Hands them over, series by series where that can be, and says how many there are. `numbers` is the list, and `refs` has all of its refs + 1. */
  apply(numbers: Float64Array, refs: Float64Array, target: ReplayTarget): number {
    const places = this.#places.subarray(0, this.#count)
    const [times, values] = [this.#times, this.#values]
    if (this.#hasStartTimes)
      for (let i = 0; i < places.length; i++) target.sample(refs[numbers[places[i]]] - 1, times[i], values[i], this.#startTimes[i])
    else {
      const { starts, order } = byPlace(places, numbers.length)
      const run = new SampleRun(RUN_SAMPLES)
      for (let place = 0; place < numbers.length; place++) {
        const ref = refs[numbers[place]] - 1
        for (let from = starts[place]; from < starts[place + 1]; from += RUN_SAMPLES) {
          const count = Math.min(RUN_SAMPLES, starts[place + 1] - from)
          for (let i = 0; i < count; i++) {
            run.times[i] = times[order[from + i]]
            run.values[i] = values[order[from + i]]
          }
          target.samples(ref, run, count)
        }
      }
    }
    return places.length
  }
}

function enlarged<T extends Uint32Array | Float64Array>(column: T, larger: T): T {
  larger.set(column)
  return larger
}

/** Those of each place from `starts` of it up to that of the next one, in their order. */
function byPlace(places: Uint32Array, placeCount: number): { readonly starts: Uint32Array; readonly order: Uint32Array } {
  const starts = new Uint32Array(placeCount + 1)
  for (const place of places) starts[place + 1]++
  for (let place = 0; place < placeCount; place++) starts[place + 1] += starts[place]
  const order = new Uint32Array(places.length)
  const next = starts.slice()
  for (let i = 0; i < places.length; i++) order[next[places[i]]++] = i
  return { starts, order }
}

/**
 * Looks through a part of a segment for the samples of some series, by their rising numbers. What is no record is passed over. Undefined: there are
 * histograms among them.
 */
export async function readWanted(
  file: File,
  number: number,
  part: SegmentPart,
  numbers: Float64Array,
  breather: Breather,
): Promise<WantedSamples | undefined> {
  const slices = sampleSlices()
  const found = new WantedSamples()
  let hasHistograms = false
  const onSampleFrom = (index: number, t: number, v: number, startTime: number) => {
    const place = firstFrom(numbers, index)
    if (numbers[place] === index) found.add(place, t, v, startTime)
  }
  const onHistogram = (index: number) => {
    if (numbers[firstFrom(numbers, index)] === index) hasHistograms = true
  }
  const onSamples = (bytes: Uint8Array, start: number, end: number) => {
    slices.open(bytes, start, end)
    for (let read = slices.read(); read > 0; read = slices.read()) {
      const { values, times, starts, firstSeries, runCount } = slices
      for (let run = 0; run < runCount; run++) {
        const first = firstSeries[run]
        const valueAt = starts[run]
        const after = first + (run + 1 < runCount ? starts[run + 1] : read) - valueAt
        for (let place = firstFrom(numbers, first); place < numbers.length && numbers[place] < after; place++)
          found.add(place, times[run], values[valueAt + numbers[place] - first], 0)
      }
    }
  }
  await scanSegment(
    file,
    number,
    {
      record(type, bytes, start, end) {
        if (type === RecordType.samples) onSamples(bytes, start, end)
        else if (type === RecordType.samplesFrom) decodeSamplesFromRecord(bytes, start, end, onSampleFrom)
        else if (type === RecordType.histograms && !hasHistograms) decodeHistogramsRecord(bytes, start, end, onHistogram)
        return undefined
      },
      damage: async () => {},
    },
    breather,
    part,
  )
  return hasHistograms ? undefined : found
}

/** The place of the first of some rising numbers that is not below another one. */
function firstFrom(numbers: Float64Array, least: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numbers[middle] < least) low = middle + 1
    else high = middle
  }
  return low
}
