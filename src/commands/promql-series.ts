import { CodedError } from '../base/errors.ts'
import { flag } from '../config/flags.ts'
import { queryCommand, timeFlag, timeRange } from './promql-query.ts'
import { seriesText } from './query-output.ts'

export const promqlSeriesCommand = queryCommand({
  name: 'promql series',
  summary: 'Ask a server for the series that selectors select.',
  description: 'Lists the label sets of series.',
  positional: ['SERVER'],
  flags: {
    match: flag.texts({ default: [], help: 'Selector of series. At least one; may be repeated.', placeholder: 'SELECTOR' }),
    start: timeFlag('Series with samples from then on.'),
    end: timeFlag('Series with samples up to then.'),
  },
  async ask({ api, values, format, now }) {
    if (values.match.length === 0) throw new CodedError('bad_data', 'required flag --match not provided')
    const parameters = new URLSearchParams({ ...timeRange(values.start, values.end, now) })
    for (const selector of values.match) parameters.append('match[]', selector)
    const { data } = await api.post<readonly Readonly<Record<string, string>>[]>('series', parameters)
    return seriesText(data, format)
  },
})
