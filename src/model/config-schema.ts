import { CodedError, errorMessage } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { list, map, once, scalar, text } from '../base/schema.ts'
import type { Schema } from '../base/schema-type.ts'
import { formatByteSize, parseByteSize } from './byte-size.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { isLabelName } from './relabel.ts'

/** ms */
export const duration = once(() => quantity('a duration such as 30s or 1h30m', parseDuration, formatDuration))

/** Bytes. */
export const byteSize = once(() => quantity('a size such as 10MB', parseByteSize, formatByteSize))

function quantity(type: string, parse: (text: string) => number, print: (value: number) => string): Schema<number> {
  const parseOrHint = (text: string): number => {
    try {
      return parse(text)
    } catch (cause) {
      throw new CodedError('bad_data', `${errorMessage(cause)}, want ${type}`, { cause })
    }
  }
  return scalar(type, ({ text }) => parseOrHint(text), print)
}

/** Labels by name. Any text is a name, but not the empty one. */
export const labels = () => map(text(), (name) => (isLabelName(name) ? undefined : `${quote(name)} is not a valid label name`))

export const labelNames = () =>
  list(
    scalar(
      'a label name',
      ({ text }) => {
        if (!isLabelName(text)) throw new CodedError('bad_data', `${quote(text)} is not a valid label name`)
        return text
      },
      String,
    ),
    { flow: true },
  )
