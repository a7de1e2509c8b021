import type { Breather } from '../../base/breather.ts'
import type { Exemplar } from '../../model/exemplar.ts'
import { Labels } from '../../model/labels.ts'
import type { ExemplarRing } from '../exemplars/exemplar-ring.ts'
import { ByteReader, ByteWriter } from '../wal/byte-writer.ts'
import { readString, TextDictionary } from '../wal/text-dictionary.ts'
import { readNumber, writeNumber } from '../wal/values.ts'

// The exemplars of a checkpoint. Format: docs/formats/checkpoint.md.

/**
 * The exemplars of a ring that have lower numbers than `end`, oldest first, and how many; without those that go meanwhile. `end` is where the ring
 * ended at the position of the log that a start reads on from: what came later comes again from there, and is the reason why others went. Were it
 * in here, what went before it would come back behind it.
 */
export async function encodeExemplars(
  ring: ExemplarRing,
  end: number,
  breather: Breather,
): Promise<{ readonly bytes: Uint8Array; readonly count: number }> {
  const writer = new ByteWriter()
  const texts = new TextDictionary()
  let count = 0
  for (let number = ring.firstNumber; number < end; number++) {
    number = Math.max(number, ring.firstNumber)
    if (number >= end) break
    const { labels, exemplar } = ring.numbered(number)
    writeLabels(writer, texts, labels, true)
    writeLabels(writer, texts, exemplar.labels, false)
    writer.reserve(32)
    writeNumber(writer, exemplar.value)
    writer.zigzag(exemplar.timestamp)
    writer.byte(exemplar.hasTimestamp ? 1 : 0)
    count++
    if (breather.isDue()) await breather.rest()
  }
  return { bytes: writer.bytes.subarray(0, writer.length), count }
}

/** Shows them, with a number below 0 for each series, which is that of no ref. */
export async function decodeExemplars(
  bytes: Uint8Array,
  count: number,
  onExemplar: (ref: number, labels: Labels, exemplar: Exemplar) => void,
  breather: Breather,
): Promise<void> {
  const reader = new ByteReader()
  reader.open(bytes, 0, bytes.length)
  const strings: string[] = []
  const refs = new Map<string, number>()
  for (let i = 0; i < count; i++) {
    const labels = readLabels(reader, strings)
    const exemplarLabels = readLabels(reader, strings)
    const value = readNumber(reader)
    const timestamp = reader.zigzag()
    const hasTimestamp = reader.byte() === 1
    const key = labels.toString()
    const ref = refs.get(key) ?? -1 - refs.size
    refs.set(key, ref)
    onExemplar(ref, labels, { labels: exemplarLabels, value, timestamp, hasTimestamp })
    if (breather.isDue()) await breather.rest()
  }
}

function writeLabels(writer: ByteWriter, texts: TextDictionary, labels: Labels, isRecurring: boolean): void {
  writer.reserve(16)
  writer.varint(labels.size)
  for (const [i, text] of labels.pairs.entries()) texts.write(writer, text, isRecurring || i % 2 === 0)
}

function readLabels(reader: ByteReader, strings: string[]): Labels {
  const flat: string[] = []
  for (let left = 2 * reader.varint(); left > 0; left--) flat.push(readString(reader, strings))
  return Labels.fromSortedPairs(flat)
}
