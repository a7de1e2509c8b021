import type { Exemplar } from '../model/exemplar.ts'
import { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import { NumberList } from './number-list.ts'
import { readPair, readTime } from './protobuf-fields.ts'
import { type ProtobufReader, WireType } from './protobuf-reader.ts'

/** The exemplar from `start` up to `end` of a page. One without a time has that of its sample. */
export function readExemplar(reader: ProtobufReader, buffer: Buffer, start: number, end: number, sampleTime: Timestamp): Exemplar {
  reader.position = start
  const labelAt = new NumberList()
  let value = 0
  let timestamp: Timestamp | undefined
  while (reader.position < end) {
    reader.key('Exemplar', end)
    switch (reader.field) {
      case 1:
        reader.want(WireType.length, 'Label')
        readPair(reader, reader.lengthEnd(end), labelAt)
        break
      case 2:
        reader.want(WireType.fixed64, 'Value')
        value = reader.double(end)
        break
      case 3:
        reader.want(WireType.length, 'Timestamp')
        timestamp = readTime(reader, reader.lengthEnd(end))
        break
      default:
        reader.skip(end)
    }
  }
  // Nobody checks the labels of an exemplar.
  const text = (at: number) => buffer.toString('utf8', labelAt.at(at), labelAt.at(at + 1))
  const labels = new Map<string, string>()
  for (let i = 0; i < labelAt.length; i += 4) labels.set(text(i), text(i + 2))
  return { labels: Labels.of(labels), value, timestamp: timestamp ?? sampleTime, hasTimestamp: timestamp !== undefined }
}
