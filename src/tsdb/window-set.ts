import { assert } from '../base/assert.ts'
import type { Breather } from '../base/breather.ts'
import type { Histogram } from '../model/histogram.ts'
import type { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import { AppendStatus, type SeriesRef } from '../storage/appender.ts'
import type { KnownPairs, SeriesGate } from '../storage/series-gate.ts'
import { isDeletedAt, type TimeInterval } from './block/tombstones.ts'
import type { Deletion } from './deletion.ts'
import type { EarlyBatches } from './early-batches.ts'
import { hideDeleted } from './hide-deleted.ts'
import { LateWindows, type SeriesRow } from './late-windows.ts'
import type { BatchPool, SampleBatch } from './sample-batch.ts'
import { SeriesGroups } from './series-groups.ts'
import { SeriesSlots } from './series-slots.ts'
import type { SampleRun } from './window/append-run.ts'
import type { SampleBits } from './window/same-sample.ts'
import { histogramKind } from './window/sample-kind.ts'
import { SlabPool } from './window/slab-pool.ts'
import { NO_SLOT, Window } from './window/window.ts'

// 1. A slot points at one row of one window, and that row alone points back. A series has one slot at most.
// 2. A series moves with its samples: its first sample in another window makes it there, from the labels of the row it had.
// 3. Slots are let go when nothing new can reach their window, unless a batch still holds a sample of theirs: later then.
// 4. Order is checked twice: on the slot when a sample is taken, on the row when it is applied. The row decides: what it has gone past goes to
//    the late window beside, however it was taken.
// 5. A window that is about to become a block gets no sample any more, whatever is configured meanwhile.

/** Series of a window that there is room for, by those that go on from the one before. */
const NEW_SERIES_SHARE = 1.1
const NO_PAIRS = new Uint32Array(0)

const NONE_DELETED: readonly TimeInterval[] = []

/** Series whose slots are let go in one turn: of a million it would take 45 ms. */
const RELEASED_AT_ONCE = 32_768

/** The windows of a database, by block range, and the active series across them. */
export class WindowSet implements KnownPairs {
  readonly pool = new SlabPool()
  readonly slots = new SeriesSlots(this.pool)
  readonly late = new LateWindows(this.pool)
  readonly blockRangeMs: number
  /** In time order. */
  readonly #windows: Window[] = []
  readonly #byOrdinal = new Map<number, Window>()
  #ordinal = 0
  #recent: Window | undefined
  /** Windows that were dropped while a reader had them. */
  #parting: Window[] = []
  /** Pair by pair, from a window to the one where its series went last. Replay goes through all windows with one series, and then with the next. */
  readonly #translations = new Map<Window, { readonly to: Window; readonly pairs: Uint32Array }>()
  readonly #batches: BatchPool
  /** Something was deleted of a window: who never deletes pays a look at this for each sample. */
  #hasDeletions = false
  /** Where letting go of slots goes on. */
  #releasing = { ordinal: -1, series: 0 }
  minTime: Timestamp = Number.POSITIVE_INFINITY
  maxTime: Timestamp = Number.NEGATIVE_INFINITY
  /** Samples before it are in blocks. */
  cutTime: Timestamp = Number.NEGATIVE_INFINITY
  /** How far behind the newest sample of all a sample may be that its series has gone past; 0: not at all. */
  lateSpanMs = 0
  /** End of the windows that were handed out to become blocks. */
  #sealedTime: Timestamp = Number.NEGATIVE_INFINITY
  /** Slots that changed their window while they are held: slot, ordinal and series where it was; undefined: they are not held. */
  #moves: number[] | undefined
  #gate: SeriesGate | undefined
  /** By which the gate has counted. */
  #gateLabels = ''
  seriesCreated = 0
  seriesRemoved = 0
  /** Samples of windows that are gone. */
  #samplesDropped = 0
  #histogramsDropped = 0

  constructor(blockRangeMs: number, batches: BatchPool) {
    assert(blockRangeMs >= 1 && blockRangeMs <= 31 * 86_400_000, 'a block range is at most 31 days')
    this.blockRangeMs = blockRangeMs
    this.#batches = batches
  }

  /** In time order; those without samples too. */
  get windows(): readonly Window[] {
    return this.#windows
  }

  /** The late ones too. */
  get all(): readonly Window[] {
    return [...this.#windows, ...this.late.all]
  }

  /** Until `letGo` no slot is let go, and what moves is noted. */
  hold(): void {
    assert(this.#moves === undefined, 'slots are held once at a time')
    this.#moves = []
  }

  /** What moved, three numbers each: the slot, and the ordinal and the series where it was. */
  letGo(): readonly number[] {
    const moves = this.#moves
    assert(moves !== undefined, 'slots are held')
    this.#moves = undefined
    return moves
  }

  /** Takes the place of nothing: windows as they were, and where slots were that had moved from there. */
  restore(windows: readonly Window[], slotCount: number, moves: ArrayLike<number>): void {
    assert(this.#windows.length === 0, 'windows come back before others are made')
    this.#windows.push(...windows.filter(({ isLate }) => !isLate).sort((a, b) => a.start - b.start))
    this.late.restore(windows.filter(({ isLate }) => isLate))
    for (const window of windows) {
      if (!window.isLate) this.#byOrdinal.set(window.ordinal, window)
      this.#ordinal = Math.max(this.#ordinal, window.ordinal)
      if (!window.tombstones.isEmpty) this.#hasDeletions = true
      this.minTime = Math.min(this.minTime, window.minTime)
      this.maxTime = Math.max(this.maxTime, window.maxTime)
    }
    this.slots.restore(slotCount)
    // A series that moved while the windows were written may be found in both: it is in the later one.
    for (const window of this.#windows.toReversed()) window.claimSlots(this.slots)
    for (let i = 0; i < moves.length; i += 3) {
      const [slot, series] = [moves[i], moves[i + 2]]
      const window = this.#byOrdinal.get(moves[i + 1])
      // One that was made after `position` was not there, whatever slot it had: the log makes it again.
      if (window === undefined || series >= window.seriesCount) continue
      if (window.claimSlot(this.slots, slot, series)) window.setSlot(series, slot)
    }
    this.slots.linkFree()
  }

  /** What is older cannot be taken any more. Source: Prometheus tsdb/head_append.go, appendableMinValidTime. */
  get minValidTime(): Timestamp {
    return Math.max(this.maxTime - Math.max(this.blockRangeMs / 2, this.lateSpanMs), this.cutTime, this.#sealedTime)
  }

  /** What is older cannot be taken when its series has gone past it. Infinity: no such sample can. Source: as above, appendable. */
  get minLateTime(): Timestamp {
    if (this.lateSpanMs === 0) return Number.POSITIVE_INFINITY
    return Math.max(this.maxTime - this.lateSpanMs, this.cutTime, this.#sealedTime)
  }

  get gate(): SeriesGate | undefined {
    return this.#gate
  }

  /** From now on new series are made if the gate admits them. What is active is counted, unless this gate has counted by the same labels. */
  guard(gate: SeriesGate | undefined): void {
    const labels = gate?.groupLabels.join('\n') ?? ''
    if (gate === this.#gate && labels === this.#gateLabels) return
    this.#gate = gate
    this.#gateLabels = labels
    if (gate === undefined) return
    gate.resetCounts()
    for (const window of this.#windows) {
      const groups = new SeriesGroups(window, gate.groupLabels)
      for (let series = 0; series < window.seriesCount; series++) if (window.slot(series) !== NO_SLOT) groups.add(series)
      groups.report(gate, 1)
    }
  }

  /** Lets go of the series that have no sample in their window: the log said them again, and what they had is in blocks. For the start. */
  releaseEmpty(): void {
    const isAwaited = this.#awaited()
    for (const window of this.#windows)
      this.#release(
        window,
        0,
        window.seriesCount,
        (series, slot) => isAwaited[slot] === 0 && window.lastTime(series) === Number.NEGATIVE_INFINITY,
      )
  }

  hasPair(name: string, value: string): boolean {
    return this.#windows.some(({ symbols, pairs }) => {
      const [nameSymbol, valueSymbol] = [symbols.find(name), symbols.find(value)]
      return nameSymbol >= 0 && valueSymbol >= 0 && pairs.find(nameSymbol, valueSymbol) >= 0
    })
  }

  /** The ref of a label set; a new series is made in the window of `time`, if the gate admits it or it is needed. */
  series(labels: Labels, time: Timestamp, isNeeded = false): SeriesRef {
    for (let i = this.#windows.length - 1; i >= 0; i--) {
      const other = this.#windows[i]
      if (other.slotCount === 0 || (time >= other.start && time < other.end)) continue
      const series = other.find(labels)
      const slot = series < 0 ? NO_SLOT : other.slot(series)
      if (slot !== NO_SLOT) return this.slots.ref(slot)
    }
    const window = this.windowOf(time)
    if (this.#gate !== undefined) {
      // Of what is refused nothing may stay in memory.
      const known = window.find(labels)
      if (known >= 0 && window.slot(known) !== NO_SLOT) return this.slots.ref(window.slot(known))
      const refusal = this.#gate.admit(labels, this, isNeeded)
      if (refusal < 0) return refusal
    }
    // Where it would be made it is looked for by making it.
    const series = window.add(labels)
    const known = window.slot(series)
    if (known !== NO_SLOT) return this.slots.ref(known)
    const slot = this.slots.take(window.ordinal, series)
    window.setSlot(series, slot)
    this.#setLastApplied(slot, window, series)
    this.seriesCreated++
    return this.slots.ref(slot)
  }

  /** Samples that were ever stored. */
  get samplesAppended(): number {
    let count = this.#samplesDropped
    for (const window of this.all) count += window.sampleCount
    return count
  }

  /** Of them, histograms. */
  get histogramsAppended(): number {
    let count = this.#histogramsDropped
    for (const window of this.all) count += window.histogramCount
    return count
  }

  /** The window that has a slot's labels. */
  home(slot: number): Window {
    const window = this.#byOrdinal.get(this.slots.window(slot))
    assert(window !== undefined, 'a slot is in a window that exists')
    return window
  }

  /** The labels of a slot's series. */
  labels(slot: number): Labels {
    return this.home(slot).labels(this.slots.series(slot))
  }

  /** Whether the newest sample of a slot has been applied, and is there still. */
  isApplied(slot: number, t: Timestamp): boolean {
    const [home, series] = [this.home(slot), this.slots.series(slot)]
    return home.lastTime(series) >= t && !(this.#hasDeletions && isDeletedAt(home.tombstones.of(series) ?? NONE_DELETED, t))
  }

  /** What the series of a slot has at a time that it has gone past, of what was applied. */
  sampleAt(slot: number, t: Timestamp): SampleBits | undefined {
    const start = Math.floor(t / this.blockRangeMs) * this.blockRangeMs
    const window = this.#windows.find((one) => one.start === start)
    return window === undefined ? undefined : this.late.at(this.slots.ref(slot), this.#row(slot), window, t)
  }

  /** Puts a sample where it can be read. Hot. */
  apply(slot: number, t: Timestamp, v: number, startTime: Timestamp): AppendStatus {
    const window = this.windowOf(t)
    let series = this.slots.series(slot)
    if (this.slots.window(slot) !== window.ordinal) {
      if (this.#isPast(slot, window)) return this.#applyLate(slot, window, t, v, startTime)
      series = this.#moveTo(window, slot)
    }
    if (this.#hasDeletions && isLastDeleted(window, series, t)) return this.#applyLate(slot, window, t, v, startTime)
    const status = window.append(series, t, v, startTime)
    if (status !== AppendStatus.ok) return status === AppendStatus.outOfOrder ? this.#applyLate(slot, window, t, v, startTime) : status
    if (t > this.maxTime) this.maxTime = t
    if (t < this.minTime) this.minTime = t
    return status
  }

  /**
   * The same for floats of one series that come back from the log, from the place `from` on up to the first one about which there is anything that is not plain:
   * the series is in the window of the first sample, has had floats last, and each sample is the next one there. Its place. Not while others read. Hot.
   */
  applyRun(ref: SeriesRef, run: SampleRun, from: number, to: number): number {
    if (from === to || run.times[from] < this.cutTime || this.#hasDeletions) return from
    const window = this.windowOf(run.times[from])
    const series = this.slots.floatSeriesIn(ref, window.ordinal)
    const end = series < 0 ? from : window.replayRun(series, run, from, to)
    if (end === from) return from
    const newest = run.times[end - 1]
    this.slots.setNewerFloat(ref >>> 0, newest, run.values[end - 1])
    if (newest > this.maxTime) this.maxTime = newest
    if (run.times[from] < this.minTime) this.minTime = run.times[from]
    return end
  }

  /** The same for a histogram; undefined: a stale one. The digest is that of `digestHistogram`. */
  applyHistogram(
    slot: number,
    t: Timestamp,
    isFloat: boolean,
    histogram: Histogram | undefined,
    startTime: Timestamp,
    digestHigh: number,
    digestLow: number,
  ): AppendStatus {
    const window = this.windowOf(t)
    let series = this.slots.series(slot)
    const isElsewhere = this.slots.window(slot) !== window.ordinal
    if (isElsewhere && this.#isPast(slot, window)) {
      return this.#applyLateHistogram(slot, window, t, isFloat, histogram, startTime, digestHigh, digestLow)
    }
    if (isElsewhere) series = this.#moveTo(window, slot)
    if (this.#hasDeletions && isLastDeleted(window, series, t))
      return this.#applyLateHistogram(slot, window, t, isFloat, histogram, startTime, digestHigh, digestLow)
    const status = window.appendHistogram(series, t, isFloat, histogram, startTime, digestHigh, digestLow)
    if (status === AppendStatus.outOfOrder) {
      return this.#applyLateHistogram(slot, window, t, isFloat, histogram, startTime, digestHigh, digestLow)
    }
    if (status !== AppendStatus.ok) return status
    if (t > this.maxTime) this.maxTime = t
    if (t < this.minTime) this.minTime = t
    return status
  }

  #applyLate(slot: number, window: Window, t: Timestamp, v: number, startTime: Timestamp): AppendStatus {
    const status = this.late.insert(this.slots.ref(slot), this.#row(slot), window, t, v, startTime, this.#nextOrdinal)
    if (t < this.minTime) this.minTime = t
    return status
  }

  #applyLateHistogram(
    slot: number,
    window: Window,
    t: Timestamp,
    isFloat: boolean,
    histogram: Histogram | undefined,
    startTime: Timestamp,
    digestHigh: number,
    digestLow: number,
  ): AppendStatus {
    const sample: SampleBits = { kind: histogramKind(isFloat), high: digestHigh, low: digestLow }
    const ref = this.slots.ref(slot)
    const status = this.late.insertHistogram(ref, this.#row(slot), window, t, isFloat, histogram, startTime, sample, this.#nextOrdinal)
    if (t < this.minTime) this.minTime = t
    return status
  }

  /** Whether the series of a slot has samples in a later window. */
  #isPast(slot: number, window: Window): boolean {
    const home = this.home(slot)
    return home.start > window.start && home.lastTime(this.slots.series(slot)) !== Number.NEGATIVE_INFINITY
  }

  #row(slot: number): SeriesRow {
    return { window: this.home(slot), series: this.slots.series(slot) }
  }

  readonly #nextOrdinal = () => ++this.#ordinal

  /**
   * Forgets samples that were taken and will not be applied after all. What other batches hold is still the newest of its series; of them `early` knows
   * those that wait for the log to be read.
   */
  forget(batches: readonly SampleBatch[], early: EarlyBatches | undefined): void {
    const { slots } = this
    for (const { slots: forgotten, times, count, histograms } of batches) {
      for (let i = 0; i < count; i++) this.#forgetLast(forgotten[i], times[i])
      for (let i = 0; i < histograms.count; i++) this.#forgetLast(histograms.slots[i], histograms.times[i])
    }
    for (const batch of batches) {
      early?.setNewest(batch, slots)
      this.#batches.giveBack(batch)
    }
    for (const batch of this.#batches.taken) {
      if (batch.isEarly) continue
      const { slots: others, times, values, count, histograms } = batch
      for (let i = 0; i < count; i++) if (times[i] > slots.lastTime(others[i])) slots.setLast(others[i], times[i], values[i])
      const { slots: histogramSlots, times: histogramTimes, isFloat, digests } = histograms
      for (let i = 0; i < histograms.count; i++) {
        if (histogramTimes[i] <= slots.lastTime(histogramSlots[i])) continue
        slots.setLastBits(histogramSlots[i], histogramTimes[i], histogramKind(isFloat[i] === 1), digests[2 * i + 1], digests[2 * i])
      }
    }
  }

  /** The newest sample of a slot, if it was taken at `t`, is that which was applied. */
  #forgetLast(slot: number, t: Timestamp): void {
    if (this.slots.lastTime(slot) !== t) return
    this.slots.setLast(slot, Number.NEGATIVE_INFINITY, 0)
    this.#setLastApplied(slot, this.home(slot), this.slots.series(slot))
  }

  #setLastApplied(slot: number, window: Window, series: number): void {
    const t = window.lastTime(series)
    if (t === Number.NEGATIVE_INFINITY) return
    this.slots.setLastBits(slot, t, window.lastKind(series), window.lastHigh(series), window.lastLow(series))
  }

  /** Lets go of the series of windows that samples can no longer reach. */
  closeOld(): void {
    const before = this.minValidTime
    for (const window of this.#windows) {
      if (window.end > before) break
      if (window.slotCount > 0) this.#releaseSlots(window)
    }
  }

  /** A part of that, which takes a millisecond or two. */
  closeSome(): void {
    const before = this.minValidTime
    for (const window of this.#windows) {
      if (window.end > before) break
      if (window.slotCount === 0) continue
      this.#releaseSome(window)
      break
    }
  }

  /** Whether there is a window whose time is over. `nextClosed` may still find that a sample is on its way to it. */
  get hasClosed(): boolean {
    return this.#windows.length > 0 && this.#windows[0].end <= this.minValidTime
  }

  /** The oldest window, if no sample can come to it any more, whoever has taken what until now. Not twice at once. */
  async nextClosed(breather: Breather): Promise<Window | undefined> {
    for (;;) {
      if (!this.hasClosed) return undefined
      const window = this.#windows[0]
      for (const { minTime } of this.#batches.taken) if (minTime < window.end) return undefined
      if (window.slotCount === 0) {
        this.#sealedTime = window.end
        return window
      }
      if (this.#releaseSome(window) && window.slotCount > 0) return undefined
      if (breather.isDue()) await breather.rest()
    }
  }

  /** Hides what is there now of what is to be deleted. Nothing may be applied until it has come back. */
  async delete(deletion: Deletion, breather: Breather): Promise<void> {
    this.#hasDeletions = true
    await hideDeleted(this.all, deletion, breather)
  }

  /** Samples of a window and of the late one beside it. */
  sampleCountOf(window: Window): number {
    return window.sampleCount + (this.late.beside(window)?.sampleCount ?? 0)
  }

  /** Drops windows that are in blocks. A series of theirs with a sample on its way goes on in a later window. */
  dropCut(): void {
    for (const window of this.#windows.filter(({ end }) => end <= this.cutTime)) {
      this.#releaseSlots(window)
      if (window.slotCount === 0) continue
      const later = this.windowOf(Math.max(this.maxTime, this.cutTime))
      window.eachSlot((_series, slot) => void this.#moveTo(later, slot))
    }
    this.dropBefore(this.cutTime)
  }

  /** Drops windows wholly older than `before`. One with a sample on its way to its series waits. */
  dropBefore(before: Timestamp): void {
    while (this.#windows.length > 0 && this.#windows[0].end <= before) {
      const window = this.#windows[0]
      this.#releaseSlots(window)
      if (window.slotCount > 0) break
      this.remove(window)
    }
    this.releaseParted()
  }

  /** Lets a window go whose series have no slots, and the late one beside it. Their memory goes back to the pool when nobody reads it any more: `releaseParted`. */
  remove(window: Window): void {
    assert(window.slotCount === 0, 'a window that goes has no series that samples come to')
    this.#windows.splice(this.#windows.indexOf(window), 1)
    for (const gone of [window, this.late.takeBeside(window)]) {
      if (gone === undefined) continue
      this.#samplesDropped += gone.sampleCount
      this.#histogramsDropped += gone.histogramCount
      this.#parting.push(gone)
    }
    this.#byOrdinal.delete(window.ordinal)
    if (this.#recent === window) this.#recent = undefined
    this.#translations.delete(window)
    for (const [from, { to }] of this.#translations) if (to === window) this.#translations.delete(from)
    this.minTime = Number.POSITIVE_INFINITY
    for (const { minTime } of this.all) this.minTime = Math.min(this.minTime, minTime)
  }

  /** Gives back the memory of windows that are gone and that nobody reads any more. */
  releaseParted(): void {
    if (this.#parting.length === 0) return
    this.#parting = this.#parting.filter((window) => {
      if (window.pins > 0) return true
      window.release()
      return false
    })
  }

  /** The window that covers a time, made when there is none. */
  windowOf(t: Timestamp): Window {
    const recent = this.#recent
    if (recent !== undefined && t >= recent.start && t < recent.end) return recent
    const start = Math.floor(t / this.blockRangeMs) * this.blockRangeMs
    let at = this.#windows.length
    while (at > 0 && this.#windows[at - 1].start > start) at--
    let window = at > 0 ? this.#windows[at - 1] : undefined
    if (window === undefined || window.start !== start) {
      // The series of the window before go on in this one.
      const expected = (window?.slotCount ?? 0) * NEW_SERIES_SHARE
      window = new Window(this.pool, ++this.#ordinal, start, start + this.blockRangeMs)
      window.expect(expected)
      this.#windows.splice(at, 0, window)
      this.#byOrdinal.set(window.ordinal, window)
    }
    this.#recent = window
    return window
  }

  #moveTo(window: Window, slot: number): number {
    const from = this.home(slot)
    let translation = this.#translations.get(from)
    const { count } = from.pairs
    if (translation?.to !== window || translation.pairs.length < count) {
      const known = translation?.to === window ? translation.pairs : NO_PAIRS
      // Series may come to a window and leave it one by one.
      const pairs = new Uint32Array(known.length === 0 ? count : Math.max(count, 2 * known.length))
      pairs.set(known)
      translation = { to: window, pairs }
      this.#translations.set(from, translation)
    }
    const series = window.addFrom(from, this.slots.series(slot), translation.pairs)
    assert(window.slot(series) === NO_SLOT, 'a series has one slot')
    from.setSlot(this.slots.series(slot), NO_SLOT)
    window.setSlot(series, slot)
    this.#moves?.push(slot, from.ordinal, this.slots.series(slot))
    this.slots.move(slot, window.ordinal, series)
    return series
  }

  /** Lets go of slots of a window, some series at a time; true when it has come to the last series, or may let go of none now. */
  #releaseSome(window: Window): boolean {
    const from = this.#releasing.ordinal === window.ordinal ? this.#releasing.series : 0
    const to = Math.min(from + RELEASED_AT_ONCE, window.seriesCount)
    this.#releaseSlots(window, from, to)
    const isEnd = to === window.seriesCount
    this.#releasing = { ordinal: window.ordinal, series: isEnd ? 0 : to }
    return isEnd || this.#moves !== undefined
  }

  /** Lets go of the slots of a window that no batch holds samples of, of the series between two numbers, the second one exclusive. */
  #releaseSlots(window: Window, from = 0, to = window.seriesCount): void {
    if (this.#moves !== undefined) return
    const isAwaited = this.#awaited()
    this.#release(window, from, to, (_series, slot) => isAwaited[slot] === 0)
  }

  /** By slot: 1 where a batch has something of the series. */
  #awaited(): Uint8Array {
    const isAwaited = new Uint8Array(this.slots.count)
    for (const { slots, count, histograms, exemplars, metadata } of this.#batches.taken) {
      for (let i = 0; i < count; i++) isAwaited[slots[i]] = 1
      for (let i = 0; i < histograms.count; i++) isAwaited[histograms.slots[i]] = 1
      for (const { slot } of exemplars) isAwaited[slot] = 1
      for (const { slot } of metadata) isAwaited[slot] = 1
    }
    return isAwaited
  }

  #release(window: Window, from: number, to: number, isLeaving: (series: number, slot: number) => boolean): void {
    const gate = this.#gate
    const leaving = gate === undefined ? undefined : new SeriesGroups(window, gate.groupLabels)
    for (let series = from; series < to; series++) {
      const slot = window.slot(series)
      if (slot === NO_SLOT || !isLeaving(series, slot)) continue
      this.slots.release(slot)
      window.setSlot(series, NO_SLOT)
      this.seriesRemoved++
      leaving?.add(series)
    }
    if (gate !== undefined) leaving?.report(gate, -1)
  }
}

/** Whether a series' newest sample is of this time, and was deleted: the row has gone past it, and who sends it again wants it back. */
function isLastDeleted(window: Window, series: number, t: Timestamp): boolean {
  return window.lastTime(series) === t && isDeletedAt(window.tombstones.of(series) ?? NONE_DELETED, t)
}
