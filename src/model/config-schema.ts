import { CodedError } from '../base/errors.ts'
import { list, map, scalar, text } from '../base/schema.ts'
import { formatByteSize, parseByteSize } from './byte-size.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { quote } from './labels.ts'
import { isLabelName } from './relabel.ts'

/** ms */
export const duration = () => scalar('a duration such as 30s or 1h30m', ({ text }) => parseDuration(text), formatDuration)

/** Bytes. */
export const byteSize = () => scalar('a size such as 10MB', ({ text }) => parseByteSize(text), formatByteSize)

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
