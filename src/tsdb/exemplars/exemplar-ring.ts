import type { Breather } from '../../base/breather.ts'
import { EXEMPLAR_LABELS_LENGTH_MAX, type Exemplar } from '../../model/exemplar.ts'
import { compareLabels, type Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import { ExemplarStatus, type SeriesRef } from '../../storage/appender.ts'
import type { ExemplarRequest, SeriesExemplars } from '../../storage/exemplar-source.ts'
import { matchesAll } from '../../storage/memory-source.ts'
import type { QueryBudget } from '../../storage/series-source.ts'
import type { SlabPool } from '../window/slab-pool.ts'
import { ChainedIndex, copied } from './chained-index.ts'
import { LabelBlocks } from './label-blocks.ts'

// 1. Exemplars lie in a ring, oldest first; when it is full a new one takes the place of the oldest, whosever that is.
// 2. The exemplars of a series are chained from its oldest to its newest. A series is here as long as it has one.
// 3. Series are known by labels: a series that was let go, and one that came back under another ref, keep what they have.
// Source: Prometheus tsdb/exemplar.go.

/** What an exemplar of an answer is charged, with its labels. */
const ANSWER_BYTES = 256
const NONE = -1
const FIRST_CAPACITY = 256

/** The exemplars of a database: as many as `resize` says, none at first. */
export class ExemplarRing {
  readonly #labels: LabelBlocks
  #max = 0

  // Columns of the ring.
  #times = new Float64Array(0)
  #values = new Float64Array(0)
  #hasTime = new Uint8Array(0)
  #series = new Int32Array(0)
  #newer = new Int32Array(0)
  #labelsAt = new Uint32Array(0)
  #count = 0
  #oldest = 0
  /** Exemplars that were let go. */
  #dropped = 0

  // Columns of the series. A free row has the next free one in `#firstOf`, and no exemplars.
  #firstOf = new Int32Array(0)
  #lastOf = new Int32Array(0)
  #countOf = new Int32Array(0)
  #labelsOf = new Uint32Array(0)
  #refs = new Float64Array(0)
  #rowCount = 0
  #freeRow = NONE
  #byLabels = new ChainedIndex()
  #byRef = new ChainedIndex()

  seriesCount = 0
  appended = 0
  outOfOrder = 0

  constructor(pool: SlabPool) {
    this.#labels = new LabelBlocks(pool)
  }

  get count(): number {
    return this.#count
  }

  get max(): number {
    return this.#max
  }

  /** Time of the oldest exemplar; undefined: there is none. */
  get oldestTime(): Timestamp | undefined {
    return this.#count === 0 ? undefined : this.#times[this.#oldest]
  }

  /** From now on there are at most `max`; the newest stay. 0 and less: exemplars are not kept. */
  resize(max: number): void {
    const wanted = Math.max(0, max)
    if (wanted === this.#max) return
    while (this.#count > wanted) this.#drop()
    this.#layOut(Math.min(wanted, Math.max(FIRST_CAPACITY, this.#count)))
    this.#max = wanted
  }

  /** Exemplars are numbered as they come: the first number that is here, and the first that is not yet. */
  get firstNumber(): number {
    return this.#dropped
  }

  get endNumber(): number {
    return this.#dropped + this.#count
  }

  /** An exemplar by its number, and the labels of its series. */
  numbered(number: number): { readonly labels: Labels; readonly exemplar: Exemplar } {
    const at = (this.#oldest + number - this.#dropped) % this.#times.length
    return { labels: this.#labels.labels(this.#labelsOf[this.#series[at]]), exemplar: this.#exemplar(at) }
  }

  /** The answer to an exemplar of a series. `labelsOf` is asked for the labels of a series that is not known by its ref. */
  check(ref: SeriesRef, labelsOf: () => Labels, exemplar: Exemplar): ExemplarStatus {
    if (this.#max === 0) return ExemplarStatus.disabled
    if (isTooLong(exemplar.labels)) return ExemplarStatus.labelsTooLong
    const row = this.#rowOf(ref, labelsOf)
    return row === NONE ? ExemplarStatus.ok : this.#compare(this.#lastOf[row], exemplar)
  }

  /** Takes an exemplar that is the next one of its series; the others are answered as by `check`, and counted. */
  add(ref: SeriesRef, labelsOf: () => Labels, exemplar: Exemplar): ExemplarStatus {
    const status = this.check(ref, labelsOf, exemplar)
    if (status === ExemplarStatus.outOfOrder) this.outOfOrder++
    if (status !== ExemplarStatus.ok) return status
    if (this.#count === this.#max) this.#drop()
    let row = this.#rowOf(ref, labelsOf)
    if (row === NONE) row = this.#addRow(ref, labelsOf())
    const at = this.#place()
    this.#times[at] = exemplar.timestamp
    this.#values[at] = exemplar.value
    this.#hasTime[at] = exemplar.hasTimestamp ? 1 : 0
    this.#series[at] = row
    this.#newer[at] = NONE
    this.#labelsAt[at] = this.#labels.take(exemplar.labels)
    if (this.#countOf[row] === 0) this.#firstOf[row] = at
    else this.#newer[this.#lastOf[row]] = at
    this.#lastOf[row] = at
    this.#countOf[row]++
    this.#count++
    this.appended++
    return ExemplarStatus.ok
  }

  /** See ExemplarSource. Lets others run in between. */
  async select({ minTime, maxTime, matcherSets }: ExemplarRequest, budget: QueryBudget, breather: Breather): Promise<SeriesExemplars[]> {
    const found: SeriesExemplars[] = []
    let held = 0
    try {
      for (let row = 0; row < this.#rowCount; row++) {
        if (row % 64 === 0 && breather.isDue()) await breather.rest()
        if (this.#countOf[row] === 0) continue
        const labels = this.#labels.labels(this.#labelsOf[row])
        if (!matcherSets.some((matchers) => matchesAll(labels, matchers))) continue
        budget.chargeBytes(this.#countOf[row] * ANSWER_BYTES)
        held += this.#countOf[row] * ANSWER_BYTES
        const exemplars: Exemplar[] = []
        for (let at = this.#firstOf[row]; at !== NONE; at = this.#newer[at]) {
          if (this.#times[at] >= minTime && this.#times[at] <= maxTime) exemplars.push(this.#exemplar(at))
        }
        if (exemplars.length > 0) found.push({ labels, exemplars })
      }
    } finally {
      budget.releaseBytes(held)
    }
    found.sort((a, b) => compareLabels(a.labels, b.labels))
    // One that went and came back while others ran may have been met twice.
    return found.filter(({ labels }, i) => i === 0 || !labels.equals(found[i - 1].labels))
  }

  #exemplar(at: number): Exemplar {
    return {
      labels: this.#labels.labels(this.#labelsAt[at]),
      value: this.#values[at],
      timestamp: this.#times[at],
      hasTimestamp: this.#hasTime[at] === 1,
    }
  }

  /** Exemplars of one time rise in value, those of one value in the order of labels. The newest decides, as it is the only one looked at. */
  #compare(newest: number, { labels, value, timestamp, hasTimestamp }: Exemplar): ExemplarStatus {
    const time = this.#times[newest]
    const known = this.#exemplar(newest)
    const order = compareLabels(labels, known.labels)
    const isSameTime = hasTimestamp === known.hasTimestamp && (!hasTimestamp || timestamp === time)
    if (order === 0 && isSameTime && Object.is(value, known.value)) return ExemplarStatus.duplicate
    if (timestamp !== time) return timestamp < time ? ExemplarStatus.outOfOrder : ExemplarStatus.ok
    if (value < known.value || (value === known.value && order < 0)) return ExemplarStatus.outOfOrder
    return ExemplarStatus.ok
  }

  /** The place of the next exemplar; the ring is not full. */
  #place(): number {
    const capacity = this.#times.length
    if (this.#count < capacity) return (this.#oldest + this.#count) % capacity
    this.#layOut(Math.min(this.#max, 2 * capacity))
    return this.#count
  }

  /** Puts the ring into columns of `capacity` places, the oldest first. */
  #layOut(capacity: number): void {
    const before = this.#times.length
    const [times, values, hasTime] = [new Float64Array(capacity), new Float64Array(capacity), new Uint8Array(capacity)]
    const [series, newer, labelsAt] = [new Int32Array(capacity), new Int32Array(capacity), new Uint32Array(capacity)]
    const place = (at: number) => (at === NONE ? NONE : (at - this.#oldest + before) % before)
    for (let i = 0; i < this.#count; i++) {
      const at = (this.#oldest + i) % before
      times[i] = this.#times[at]
      values[i] = this.#values[at]
      hasTime[i] = this.#hasTime[at]
      series[i] = this.#series[at]
      newer[i] = place(this.#newer[at])
      labelsAt[i] = this.#labelsAt[at]
    }
    for (let row = 0; row < this.#rowCount; row++) {
      if (this.#countOf[row] === 0) continue
      this.#firstOf[row] = place(this.#firstOf[row])
      this.#lastOf[row] = place(this.#lastOf[row])
    }
    this.#times = times
    this.#values = values
    this.#hasTime = hasTime
    this.#series = series
    this.#newer = newer
    this.#labelsAt = labelsAt
    this.#oldest = 0
  }

  /** Lets the oldest exemplar go. */
  #drop(): void {
    const at = this.#oldest
    const row = this.#series[at]
    this.#labels.giveBack(this.#labelsAt[at])
    this.#oldest = (at + 1) % this.#times.length
    this.#count--
    this.#dropped++
    this.#firstOf[row] = this.#newer[at]
    if (--this.#countOf[row] > 0) return
    this.#byLabels.remove(row)
    this.#byRef.remove(row)
    this.#labels.giveBack(this.#labelsOf[row])
    this.#firstOf[row] = this.#freeRow
    this.#freeRow = row
    this.seriesCount--
  }

  #rowOf(ref: SeriesRef, labelsOf: () => Labels): number {
    for (let row = this.#byRef.first(hashRef(ref)); row >= 0; row = this.#byRef.next(row)) if (this.#refs[row] === ref) return row
    const labels = labelsOf()
    for (let row = this.#byLabels.first(labels.hash()); row >= 0; row = this.#byLabels.next(row)) {
      if (!this.#labels.labels(this.#labelsOf[row]).equals(labels)) continue
      this.#byRef.remove(row)
      this.#refs[row] = ref
      this.#byRef.add(hashRef(ref), row)
      return row
    }
    return NONE
  }

  #addRow(ref: SeriesRef, labels: Labels): number {
    let row = this.#freeRow
    if (row !== NONE) this.#freeRow = this.#firstOf[row]
    else {
      row = this.#rowCount++
      if (row === this.#refs.length) {
        const larger = Math.max(64, 2 * row)
        this.#firstOf = copied(this.#firstOf, new Int32Array(larger))
        this.#lastOf = copied(this.#lastOf, new Int32Array(larger))
        this.#countOf = copied(this.#countOf, new Int32Array(larger))
        this.#labelsOf = copied(this.#labelsOf, new Uint32Array(larger))
        this.#refs = copied(this.#refs, new Float64Array(larger))
      }
    }
    this.#countOf[row] = 0
    this.#labelsOf[row] = this.#labels.take(labels)
    this.#refs[row] = ref
    this.#byLabels.add(labels.hash(), row)
    this.#byRef.add(hashRef(ref), row)
    this.seriesCount++
    return row
  }
}

function hashRef(ref: SeriesRef): number {
  return Math.imul(ref >>> 0, 0x9e3779b1) >>> 0
}

/** Counted in characters, as code points are. */
function isTooLong(labels: Labels): boolean {
  let length = 0
  for (const text of labels.pairs) length += text.length
  if (length <= EXEMPLAR_LABELS_LENGTH_MAX) return false
  length = 0
  for (const text of labels.pairs) for (const _ of text) length++
  return length > EXEMPLAR_LABELS_LENGTH_MAX
}
