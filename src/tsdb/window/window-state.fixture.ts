// The other thread of window-state.test.ts: reads windows while their writer goes on.
import assert from 'node:assert/strict'
import { parentPort } from 'node:worker_threads'
import { Breather } from '../../base/breather.ts'
import { realClock } from '../../base/real/clock.ts'
import { type Chunk, SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { Matcher } from '../../model/matcher.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { Window, type WindowState } from './window.ts'
import { selectFromWindows } from './window-reader.ts'

export type ToReader = { readonly kind: 'read' | 'refresh'; readonly state: WindowState } | { readonly kind: 'end' }

export type FromReader =
  | { readonly kind: 'catchUp' }
  /** Series as text, with how many samples in order they have from the first on; -1 and what was wrong. */
  | {
      readonly kind: 'done'
      readonly series: readonly (readonly [labels: string, count: number, wrong: string])[]
      /** What is wrong with the newest samples. */
      readonly newestWrong: readonly string[]
    }

/** How often the newest samples are read between two reads of all: the writer has a few nanoseconds of each append where they could be seen half written. */
const NEWEST_READS = 100

/** The time of the sample `i` of a series, and its value. */
export const timeOf = (i: number) => 1000 * i
export const sampleValue = (i: number) => (i % 7 === 0 ? i : Math.sin(i))

const columns = new SampleColumns(256)

/** How many samples chunks have, which must be those of a series from the first on. */
export function checkedCount(chunks: readonly Chunk[]): number {
  let count = 0
  for (const chunk of chunks) {
    columns.clear()
    decodeChunk(chunk, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, columns)
    assert.equal(columns.length, chunk.sampleCount)
    for (let i = 0; i < columns.length; i++, count++) {
      const v = columns.histograms?.[i]?.sum ?? columns.values[i]
      assert.ok(columns.timestamps[i] === timeOf(count) && v === sampleValue(count), `sample ${count} is ${v} at ${columns.timestamps[i]}`)
    }
  }
  return count
}

if (parentPort !== null) {
  const port = parentPort
  const send = (message: FromReader) => port.postMessage(message)
  let window: Window | undefined
  let refreshed = Promise.withResolvers<void>()

  const catchUp = async () => {
    refreshed = Promise.withResolvers<void>()
    send({ kind: 'catchUp' })
    await refreshed.promise
  }

  const wrongNewest = async (reader: Window) => {
    const wrong: string[] = []
    const request = { minTime: 0, maxTime: Number.MAX_SAFE_INTEGER, matchers: [], hints: { newestOnly: true } }
    const signal = new AbortController().signal
    for (let i = 0; i < NEWEST_READS; i++) {
      for await (const batch of selectFromWindows([reader], request, unlimitedContext(signal), new Breather(realClock))) {
        for (const { labels, chunks } of batch) {
          columns.clear()
          decodeChunk(chunks.at(-1)!, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, columns)
          const last = columns.length - 1
          const t = columns.timestamps[last]
          const v = columns.histograms?.[last]?.sum ?? columns.values[last]
          if (v !== sampleValue(t / timeOf(1))) wrong.push(`${labels}: ${v} at ${t}`)
        }
      }
    }
    return wrong
  }

  const read = async (reader: Window) => {
    const found: [string, number, string][] = []
    const request = { minTime: 0, maxTime: Number.MAX_SAFE_INTEGER, matchers: [new Matcher('=~', 'group', '[0-4]')] }
    const signal = new AbortController().signal
    for await (const batch of selectFromWindows([reader], request, unlimitedContext(signal), new Breather(realClock))) {
      for (const { labels, chunks } of batch) {
        let count = 0
        let wrong = ''
        try {
          count = checkedCount(chunks)
        } catch (error) {
          wrong = String(error)
        }
        found.push([labels.toString(), count, wrong])
      }
    }
    send({ kind: 'done', series: found, newestWrong: await wrongNewest(reader) })
  }

  port.on('message', (message: ToReader) => {
    if (message.kind === 'end') {
      port.close()
      return
    }
    if (window === undefined) window = Window.reader(message.state, catchUp)
    else window.refresh(message.state)
    if (message.kind === 'refresh') refreshed.resolve()
    else void read(window)
  })
}
