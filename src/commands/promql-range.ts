import { CodedError } from '../base/errors.ts'
import { flag } from '../config/flags.ts'
import { parseGoDuration } from '../model/go-duration.ts'
import { parseTime, queryCommand, timeFlag, timeParameter } from './promql-query.ts'
import { type QueryData, queryText } from './query-output.ts'

const DEFAULT_RANGE_MS = 5 * 60_000
/** Steps in a range when none is given. */
const STEPS = 250

export const promqlRangeCommand = queryCommand({
  name: 'promql range',
  summary: 'Ask a server for the answers to a query over a range of time.',
  description: 'Evaluates a PromQL expression at the steps of a range of time.',
  positional: ['SERVER', 'EXPR'],
  flags: {
    start: timeFlag('Start of the range; five minutes before its end unless given.'),
    end: timeFlag('End of the range; now unless given.'),
    step: flag.text({
      default: '',
      help: 'Time from one evaluation to the next, such as 15s; a 250th of the range, a second at least, unless given.',
      placeholder: 'DURATION',
    }),
    header: flag.texts({ default: [], help: 'Header to send to the server. May be repeated.', placeholder: 'NAME=VALUE' }),
  },
  headers: ({ header }) => Object.fromEntries(header.map(splitHeader)),
  async ask({ api, args: [query], values, format, now }) {
    const end = values.end === '' ? now : parseTime('end', values.end)
    const start = values.start === '' ? end - DEFAULT_RANGE_MS : parseTime('start', values.start)
    if (start >= end) throw new CodedError('bad_data', 'start time is not before end time')
    const given = values.step === '' ? 0 : parseGoDuration(values.step)
    const stepMs = given === 0 ? Math.max(1, Math.floor((end - start) / 1000 / STEPS)) * 1000 : given
    const parameters = { query, start: timeParameter(start), end: timeParameter(end), step: timeParameter(stepMs) }
    const { data } = await api.post<QueryData>('query_range', new URLSearchParams(parameters))
    return queryText(data, format)
  },
})

function splitHeader(text: string): [string, string] {
  const [, name, value] = /^([^:=]+)[:=](.*)$/s.exec(text) ?? []
  if (name === undefined) throw new CodedError('bad_data', `--header: found ${JSON.stringify(text)}, want NAME=VALUE`)
  return [name.trim().toLowerCase(), value.trim()]
}
