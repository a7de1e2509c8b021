import { parseTime, queryCommand, timeFlag, timeParameter } from './promql-query.ts'
import { type QueryData, queryText } from './query-output.ts'

export const promqlInstantCommand = queryCommand({
  name: 'promql instant',
  summary: 'Ask a server for the answer to a query at one time.',
  description: 'Evaluates a PromQL expression at one time.',
  positional: ['SERVER', 'EXPR'],
  flags: { time: timeFlag('Time of the evaluation; now unless given.') },
  async ask({ api, args: [query], values, format, now }) {
    const time = values.time === '' ? now : parseTime('evaluation', values.time)
    const { data } = await api.post<QueryData>('query', new URLSearchParams({ query, time: timeParameter(time) }))
    return queryText(data, format)
  },
})
