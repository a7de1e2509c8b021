import { flag } from '../config/flags.ts'
import { queryCommand, timeFlag, timeRange } from './promql-query.ts'
import { labelValuesText } from './query-output.ts'

export const promqlLabelsCommand = queryCommand({
  name: 'promql labels',
  summary: 'Ask a server for the values of a label.',
  description: 'Lists the values of a label.',
  positional: ['SERVER', 'NAME'],
  flags: {
    start: timeFlag('Values of series with samples from then on.'),
    end: timeFlag('Values of series with samples up to then.'),
    match: flag.texts({ default: [], help: 'Selector of series whose values are listed. May be repeated.', placeholder: 'SELECTOR' }),
  },
  async ask({ api, args: [name], values, format, now, err }) {
    const parameters = new URLSearchParams({ ...timeRange(values.start, values.end, now) })
    for (const selector of values.match) parameters.append('match[]', selector)
    const { data, warnings } = await api.get<readonly string[]>(`label/${encodeURIComponent(name)}/values`, parameters)
    for (const warning of warnings) err(`query warning: ${warning}`)
    return labelValuesText(data, format)
  },
})
