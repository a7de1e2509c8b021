import { CodedError, errorMessage } from '../../base/errors.ts'
import { goDurationText } from '../../base/go-duration.ts'
import { quote } from '../../base/go-quote.ts'
import { redactUrl } from '../../base/redact-url.ts'
import { once, scalar } from '../../base/schema.ts'
import { parseGoDuration } from '../../model/go-duration.ts'
import { BUILTINS } from '../../template/builtins.ts'
import { parseTemplate } from '../../template/parse.ts'

// Kinds of values that only Alertmanager's configuration has. Source: Alertmanager config/common/url.go.

/** What is wrong with a text that is to be the URL of a receiver: upstream's words, without the text, which may be a secret. */
export function urlProblem(text: string): string | undefined {
  const badEscape = /%(?![\da-fA-F]{2}).{0,2}/s.exec(text)
  if (badEscape !== null) return `invalid URL escape ${quote(badEscape[0])}`
  const [, scheme = '', rest = ''] = /^(?:([a-zA-Z][a-zA-Z\d+.-]*):)?(.*)$/s.exec(text) ?? []
  const host = /^\/\/([^/?#]*)/.exec(rest)?.[1] ?? ''
  const badCharacter = /[\s"<>\\^`{|}]/.exec(host.slice(host.lastIndexOf('@') + 1))
  if (badCharacter !== null) return `invalid character ${quote(badCharacter[0])} in host name`
  if (host.includes('[') && !host.includes(']')) return "missing ']' in host"
  if (!/^https?$/i.test(scheme)) return `unsupported scheme ${quote(scheme)} for URL`
  if (host === '') return 'missing host for URL'
  return URL.canParse(text) ? undefined : 'invalid URL'
}

function parseUrl(text: string): string {
  const problem = urlProblem(text)
  if (problem !== undefined) throw new CodedError('bad_data', problem)
  return text
}

export const receiverUrl = once(() =>
  scalar(
    'a URL',
    ({ text }) => parseUrl(text),
    (value) => redactUrl(value),
  ),
)

/** What a printed configuration has in the place of a secret: tools read such a one again. */
const SECRET = '<secret>'

export const secretUrl = once(() =>
  scalar(
    'a URL',
    ({ text }) => (text === SECRET ? text : parseUrl(text)),
    () => SECRET,
  ),
)

/** A secret URL that may be a template. */
export const templateUrl = once(() =>
  scalar(
    'a URL or a template of one',
    ({ text }) => {
      if (text === '' || text === SECRET) return text
      if (text.includes('{{')) {
        try {
          // Upstream knows no functions here, so that they are refused.
          parseTemplate('', text, (name) => BUILTINS.has(name))
        } catch (error) {
          throw new CodedError('bad_data', `invalid template syntax: ${errorMessage(error)}`)
        }
        return text
      }
      const problem = urlProblem(text)
      if (problem !== undefined) throw new CodedError('bad_data', `invalid URL: ${problem}`)
      return text
    },
    (value) => (value === '' ? '' : SECRET),
  ),
)

/** A span of time in Go's notation, in ms: `1m30s`, `0.5s`. */
export const goDuration = once(() =>
  scalar(
    'a duration such as 30s or 1m30s',
    ({ text, plain }) => {
      // A plain number is one of nanoseconds.
      return plain && /^-?\d+$/.test(text) ? Number(text) / 1e6 : parseGoDuration(text)
    },
    (durationMs) => goDurationText(durationMs),
  ),
)
