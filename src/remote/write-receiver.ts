import { Counter } from 'prom-client'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Labels } from '../model/labels.ts'
import { type Appendable, type Appender, AppendStatus, type SeriesRef } from '../storage/appender.ts'
import { refuseContentType } from './content-type.ts'
import { LabelRefCache } from './label-ref-cache.ts'
import { SnappyDecoder, SnappyError } from './snappy-block.ts'
import { MalformedLabels, parseWriteLabels } from './write-labels.ts'
import { WriteRequestColumns } from './write-request-columns.ts'

/** Largest request as sent, and as decoded. Senders make requests of some 100 kB. */
export const WRITE_BODY_BYTES_MAX = 32 * 1024 * 1024
const DECODED_BYTES_MAX = 32 * 1024 * 1024

/** Series whose label bytes are remembered: 24 bytes each, in tables at most half full. */
const REMEMBERED_SERIES_MAX = 2_000_000

/** Samples further ahead of our clock are refused: one wrong clock would else close a series for all others. Source: Prometheus storage/remote/write_handler.go, maxAheadTime. */
const AHEAD_MS_MAX = 10 * 60 * 1000

export interface WriteInput {
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly body: Uint8Array
}

/** 204 without text; else why not all was taken. 4xx: never send it again; 5xx: send it again. */
export interface WriteOutcome {
  readonly status: number
  readonly text: string | undefined
}

/** Upstream's texts, by AppendStatus. Source: Prometheus storage/interface.go. */
const REFUSALS: Readonly<Record<number, readonly [outcome: string, text: string]>> = {
  [AppendStatus.outOfOrder]: ['out_of_order', 'out of order sample'],
  [AppendStatus.duplicateTimestamp]: ['duplicate', 'duplicate sample for timestamp'],
  [AppendStatus.tooOld]: ['too_old', 'out of bounds'],
  [AppendStatus.tooFarAhead]: ['too_far_ahead', 'out of bounds: timestamp is too far in the future'],
  [AppendStatus.unknownSeries]: ['unknown_series', 'series is gone again before its sample could be stored'],
}

/** What is taken from requests and then left lying: no part of the storage knows it yet. */
const UNSUPPORTED = ['exemplar', 'histogram', 'metadata'] as const
type Unsupported = (typeof UNSUPPORTED)[number]

/**
 * Takes remote write 1.0 requests. What can be stored is stored, also beside samples that cannot: an answer 400 says
 * that and why some were refused. docs/protocols/remote-write.md says how that differs from upstream.
 */
export class WriteReceiver {
  readonly #env: Env
  readonly #appendable: Appendable
  readonly #snappy = new SnappyDecoder(DECODED_BYTES_MAX)
  readonly #columns = new WriteRequestColumns()
  readonly #cache: LabelRefCache
  readonly #samples: Counter
  readonly #invalidLabels: Counter
  readonly #unsupported: Counter
  readonly #warned = new Set<Unsupported>()

  constructor({ env, appendable }: { readonly env: Env; readonly appendable: Appendable }) {
    this.#env = env
    this.#appendable = appendable
    this.#cache = new LabelRefCache(env.random, REMEMBERED_SERIES_MAX)
    const registers = [env.metrics]
    this.#samples = new Counter({
      name: 'promontory_remote_write_received_samples_total',
      help: 'Samples received by remote write, by what became of them.',
      labelNames: ['outcome'],
      registers,
    })
    this.#samples.inc({ outcome: 'stored' }, 0)
    this.#invalidLabels = new Counter({
      name: 'prometheus_api_remote_write_invalid_labels_samples_total',
      help: 'The total number of received remote write samples and histogram samples which were rejected due to invalid labels.',
      registers,
    })
    this.#unsupported = new Counter({
      name: 'promontory_remote_write_unsupported_total',
      help: 'Parts of remote write requests that are not stored because their kind is not built yet.',
      labelNames: ['kind'],
      registers,
    })
    for (const kind of UNSUPPORTED) this.#unsupported.inc({ kind }, 0)
  }

  async receive({ contentType, contentEncoding, body }: WriteInput): Promise<WriteOutcome> {
    const refused = refuseContentType(contentType, contentEncoding)
    if (refused !== undefined) return { status: 415, text: refused }
    let appender: Appender | undefined
    let batch: Batch
    // Nothing awaits until the samples are in the appender: the decoded bytes and columns are one request's at a time.
    try {
      const bytes = this.#snappy.decode(body)
      const fault = this.#columns.decode(bytes)
      if (fault !== undefined) return { status: 400, text: fault }
      this.#countUnsupported()
      appender = this.#appendable.appender()
      batch = this.#append(appender, bytes)
    } catch (error) {
      appender?.rollback()
      if (error instanceof SnappyError || error instanceof MalformedLabels) return { status: 400, text: error.message }
      return this.#fault(error)
    }
    try {
      if (batch.stored > 0) await appender.commit()
      else appender.rollback()
    } catch (error) {
      // Series that were made for this batch may be gone with it.
      this.#cache.clear()
      return this.#fault(error)
    }
    return this.#outcome(batch)
  }

  #append(appender: Appender, bytes: Uint8Array): Batch {
    const { seriesCount, labelsStart, labelsEnd, samplesEnd, timestamps, values, histogramCount } = this.#columns
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const maxTime = this.#env.clock.now() + AHEAD_MS_MAX
    const batch: Batch = { stored: 0, refused: new Map(), first: undefined, histogramCount }
    let sample = 0
    for (let series = 0; series < seriesCount; series++) {
      const end = samplesEnd[series]
      if (sample === end) continue
      const start = labelsStart[series]
      let ref: SeriesRef = this.#cache.find(view, start, labelsEnd[series])
      if (ref < 0) {
        const made = this.#makeSeries(appender, bytes, start, labelsEnd[series])
        if (typeof made === 'string') {
          this.#invalidLabels.inc(end - sample)
          refuse(batch, 'invalid_labels', made, end - sample)
          sample = end
          continue
        }
        ref = made
      }
      for (; sample < end; sample++) {
        const t = timestamps[sample]
        let status: AppendStatus = t > maxTime ? AppendStatus.tooFarAhead : appender.append(ref, t, values[sample])
        if (status === AppendStatus.unknownSeries) {
          ref = this.#makeSeries(appender, bytes, start, labelsEnd[series]) as SeriesRef
          status = appender.append(ref, t, values[sample])
        }
        if (status === AppendStatus.ok) batch.stored++
        else {
          const [outcome, text] = REFUSALS[status]
          const shown =
            status === AppendStatus.duplicateTimestamp ? `${text} ${t}; overrides not allowed: new value ${values[sample]}` : text
          refuse(batch, outcome, `${shown} (${batch.first === undefined ? parseWriteLabels(bytes, start, labelsEnd[series]) : ''})`, 1)
        }
      }
    }
    return batch
  }

  /** The series of label bytes that the cache was just asked for, or what is wrong with them. */
  #makeSeries(appender: Appender, bytes: Uint8Array, start: number, end: number): SeriesRef | string {
    const labels: Labels | string = parseWriteLabels(bytes, start, end)
    if (typeof labels === 'string') return labels
    const ref = appender.series(labels)
    this.#cache.remember(ref)
    return ref
  }

  #outcome(batch: Batch): WriteOutcome {
    if (batch.stored > 0) this.#samples.inc({ outcome: 'stored' }, batch.stored)
    let refused = 0
    for (const [outcome, count] of batch.refused) {
      this.#samples.inc({ outcome }, count)
      refused += count
    }
    if (refused > 0) return { status: 400, text: `${batch.first}: ${refused} of ${refused + batch.stored} samples refused` }
    if (batch.stored === 0 && batch.histogramCount > 0) {
      return { status: 400, text: 'native histograms are not built yet: the request has no other samples, nothing was stored' }
    }
    return { status: 204, text: undefined }
  }

  #countUnsupported(): void {
    const { exemplarCount, histogramCount, metadataCount } = this.#columns
    const counts: Readonly<Record<Unsupported, number>> = { exemplar: exemplarCount, histogram: histogramCount, metadata: metadataCount }
    for (const kind of UNSUPPORTED) {
      if (counts[kind] === 0) continue
      this.#unsupported.inc({ kind }, counts[kind])
      if (this.#warned.has(kind)) continue
      this.#warned.add(kind)
      this.#env.log.warn('remote write carries what is not built yet, it is not stored', { kind })
    }
  }

  #fault(error: unknown): WriteOutcome {
    this.#env.log.error('remote write not stored', { error: errorMessage(error) })
    return { status: 500, text: errorMessage(error) }
  }
}

/** What became of one request. */
interface Batch {
  stored: number
  /** Counts by outcome. */
  readonly refused: Map<string, number>
  /** Why the first was refused. */
  first: string | undefined
  readonly histogramCount: number
}

function refuse(batch: Batch, outcome: string, text: string, count: number): void {
  batch.refused.set(outcome, (batch.refused.get(outcome) ?? 0) + count)
  batch.first ??= text
}
