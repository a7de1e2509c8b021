import type { Reason } from '../support/court.ts'
import type { Verdict } from '../support/judges.ts'

export interface ConfigDisagreement {
  readonly text: string
  readonly ours: Verdict
  readonly theirs: Verdict
}

const oursSays = (pattern: RegExp) => (found: ConfigDisagreement) =>
  !found.ours.good && found.theirs.good && allLines(found.ours.text, pattern)
const theySay = (pattern: RegExp) => (found: ConfigDisagreement) => found.ours.good && !found.theirs.good && pattern.test(found.theirs.text)

/** Every problem that is shown is of this kind. */
function allLines(text: string, pattern: RegExp): boolean {
  return text.split('\n').every((line) => pattern.test(line))
}

/** Where we read a prometheus.yml in another way than Prometheus 3.5 of Debian, on purpose. */
export const CONFIG_REASONS: readonly Reason<ConfigDisagreement>[] = [
  {
    name: 'a scheme that is none of HTTP, with which upstream fails when it scrapes',
    explains: oursSays(/found "[^"]*", want http or https$/),
  },
  {
    name: 'legacy names asked of one job without an escaping scheme: upstream takes over the one of all others, and refuses it',
    explains: theySay(/utf8 metric names requested but validation scheme is not set to UTF8$/),
  },
  {
    name: 'an escaping scheme of `global` that does not exist, which upstream looks at when a job uses it',
    explains: oursSays(/unknown global name escaping method specified/),
  },
  {
    name: 'a number with a fraction where a whole one is wanted, of which upstream leaves out the fraction',
    explains: oursSays(/found "[^"]*[.eE][^"]*", want a whole number/),
  },
  {
    name: 'a name validation scheme of `global` that does not exist, which upstream looks at when a job uses it',
    explains: oursSays(/unknown global name validation method specified/),
  },
  {
    name: 'a URL without a scheme or a host, with which upstream fails when it uses it',
    explains: oursSays(/found "[^"]*", want a URL such as http:\/\/host:9090\/path$/),
  },
  {
    name: 'a number of another base where a fraction may stand',
    explains: oursSays(/found "0[xob][^"]*", want a number$/),
  },
  {
    name: 'a number that no double holds',
    explains: oursSays(/found \d{16,}, want a number up to 9007199254740991$/),
  },
  {
    name: 'a parameter of a URL that says nothing where a list is wanted: upstream takes it for an empty one',
    explains: oursSays(/found "", want a list$/),
  },
  {
    name: 'a tag that makes a number of a quoted text',
    explains: ({ text, ours, theirs }) => !ours.good && theirs.good && /!!(int|float|bool) "/.test(text),
  },
  {
    name: 'an address that is null, which upstream takes for an empty text',
    explains: oursSays(/found an empty item$/),
  },
  {
    name: 'lines that are indented less than the first: upstream stops reading there, and takes what came before for all',
    explains: ({ ours, theirs }) => theirs.good && /at node end/.test(ours.text),
  },
  {
    name: 'addresses that need no proxy, beside a proxy that is an empty text',
    explains: oursSays(/if no_proxy is configured, proxy_url must also be configured$/),
  },
  {
    name: 'a resource attribute of OTLP without a name, which nobody here reads',
    explains: theySay(/empty promoted OTel resource attribute$/),
  },
  {
    name: 'a quoted text, or what stands in brackets, that goes on in a line that is indented less',
    explains: ({ ours, theirs }) => theirs.good && /missing closing ["']quote|must be sufficiently indented/.test(ours.text),
  },
  {
    name: 'a question mark that begins a value without a blank behind it, of which upstream makes a key',
    explains: ({ text }) => /[[,{] ?\?\S/.test(text),
  },
  {
    name: 'a message of remote write that is null, which nobody here writes',
    explains: theySay(/unknown remote write protobuf message , supported:/),
  },
  {
    name: 'a translation of OTLP names that legacy names do not allow, which nobody here reads',
    explains: theySay(/OTLP translation strategy .* is not allowed when UTF8 is disabled/),
  },
  {
    name: 'a character that Go does not take in the host of a URL',
    explains: theySay(/invalid character .* in host name/),
  },
  {
    name: 'a percent sign in a URL that no number follows, which goes out as it stands',
    explains: theySay(/invalid URL escape/),
  },
  {
    name: 'a number sign right behind a bracket, which YAML 1.2 does not take for a comment',
    explains: oursSays(/comments must be separated from other tokens by white space characters$/),
  },
  {
    name: 'a colon without a blank before a comma, which YAML 1.2 takes for the end of a field',
    explains: ({ text }) => /\w:,/.test(text),
  },
  {
    name: 'several of these in one file',
    explains: oursSays(
      /want http or https$|want a URL such as|unknown global name|want a whole number|want a number|found "", want a list$|found an empty item$/,
    ),
  },
  {
    name: 'a line of three dots or dashes that stands within a value',
    explains: ({ text, ours, theirs }) => /(---|\.\.\.)\r?\n/.test(text) && ours.good !== theirs.good,
  },
  {
    name: 'a control character that YAML 1.1 takes for the end of a line, and YAML 1.2 does not',
    explains: ({ text }) => /[\u0085\u2028\u2029]/.test(text),
  },
  {
    name: 'a plain value in braces that begins with a colon, which YAML 1.2 allows',
    explains: theySay(/did not find expected node content$/),
  },
]
