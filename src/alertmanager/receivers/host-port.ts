import { CodedError } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import { once, scalar } from '../../base/schema.ts'

/** `host:port`; empty: none. Source of the texts: Go net.SplitHostPort; Alertmanager config/common/hostport.go. */
export const hostPort = once(() =>
  scalar(
    'an address such as smtp.example.org:587',
    ({ text }) => {
      const problem = text === '' ? undefined : hostPortProblem(text)
      if (problem !== undefined) throw new CodedError('bad_data', problem)
      return text
    },
    String,
  ),
)

function hostPortProblem(text: string): string | undefined {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return `address ${text}: missing port in address`
  const host = text.slice(0, colon)
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    if (end < 0) return `address ${text}: missing ']' in address`
    if (end !== colon - 1) return `address ${text}: ${text[end + 1] === ':' ? 'too many colons' : 'missing port'} in address`
    if (text.indexOf('[', 1) >= 0) return `address ${text}: unexpected '[' in address`
  } else if (host.includes(':')) return `address ${text}: too many colons in address`
  else if (host.includes('[')) return `address ${text}: unexpected '[' in address`
  else if (host.includes(']')) return `address ${text}: unexpected ']' in address`
  return colon === text.length - 1 ? `address ${quote(text)}: port cannot be empty` : undefined
}
