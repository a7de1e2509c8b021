import { NumberList } from './number-list.ts'
import { readTime } from './protobuf-fields.ts'
import { type ProtobufReader, WireType } from './protobuf-reader.ts'

/** The Summary of a metric; used again for the next. Source of the numbers of fields: prometheus/client_model, metrics.proto. */
export class ProtobufSummary {
  count = 0
  sum = 0
  readonly quantiles = new NumberList()
  readonly quantileValues = new NumberList()
  /** Start time, Unix ms; 0: none. */
  created = 0

  clear(): void {
    this.count = 0
    this.sum = 0
    this.quantiles.clear()
    this.quantileValues.clear()
    this.created = 0
  }

  /** Reads the message up to `end`. Throws ExpositionError. */
  read(reader: ProtobufReader, end: number): void {
    while (reader.position < end) {
      reader.key('Summary', end)
      switch (reader.field) {
        case 1:
          reader.want(WireType.varint, 'SampleCount')
          reader.varint(end)
          this.count = reader.unsigned
          break
        case 2:
          reader.want(WireType.fixed64, 'SampleSum')
          this.sum = reader.double(end)
          break
        case 3:
          reader.want(WireType.length, 'Quantile')
          this.#readQuantile(reader, reader.lengthEnd(end))
          break
        case 4:
          reader.want(WireType.length, 'CreatedTimestamp')
          this.created = readTime(reader, reader.lengthEnd(end))
          break
        default:
          reader.skip(end)
      }
    }
  }

  #readQuantile(reader: ProtobufReader, end: number): void {
    let quantile = 0
    let value = 0
    while (reader.position < end) {
      reader.key('Quantile', end)
      if (reader.field === 1) {
        reader.want(WireType.fixed64, 'Quantile')
        quantile = reader.double(end)
      } else if (reader.field === 2) {
        reader.want(WireType.fixed64, 'Value')
        value = reader.double(end)
      } else reader.skip(end)
    }
    this.quantiles.push(quantile)
    this.quantileValues.push(value)
  }
}
