import { CodedError } from '../base/errors.ts'
import { alertmanagerCommand } from './alertmanager-command.ts'

export const silenceExpireCommand = alertmanagerCommand({
  name: 'silence expire',
  summary: 'End silences.',
  description: 'Ends silences now.\n',
  positional: 'ID...',
  flags: {},
  async run({ api, args }) {
    if (args.length === 0) throw new CodedError('bad_data', 'no silence IDs specified')
    for (const id of args) await api.delete(`silence/${encodeURIComponent(id)}`)
    return undefined
  },
})
