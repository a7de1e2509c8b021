import { CodedError } from '../base/errors.ts'
import { flag } from '../config/flags.ts'
import { timeText } from './alert-add.ts'
import type { ApiSilence, PostedSilence } from './alertmanager-api.ts'
import { alertmanagerCommand } from './alertmanager-command.ts'
import { endOf } from './silence-add.ts'

export const silenceUpdateCommand = alertmanagerCommand({
  name: 'silence update',
  summary: 'Change silences.',
  description:
    'Changes when silences begin and end, and what is said of them, and prints them as they are then: some changes make another one of it.\n',
  positional: 'ID...',
  flags: {
    quiet: flag.boolean({ default: false, help: 'Print IDs alone; -q for short.' }),
    duration: flag.duration({ default: 0, help: 'How long it lasts from its start; -d for short.' }),
    start: flag.text({ default: '', help: 'When it begins, RFC 3339.', placeholder: 'TIME' }),
    end: flag.text({ default: '', help: 'When it ends, RFC 3339, whatever --duration says.', placeholder: 'TIME' }),
    comment: flag.text({ default: '', help: 'Why; -c for short.' }),
  },
  short: { q: 'quiet', d: 'duration', c: 'comment' },
  async run({ api, io, args, values, given, output }) {
    if (args.length === 0) throw new CodedError('bad_data', 'no silence IDs specified')
    const changed: ApiSilence[] = []
    for (const id of args) {
      const known = await api.get<ApiSilence>(`silence/${encodeURIComponent(id)}`)
      const startsAt = timeText(values.start) ?? known.startsAt
      const { matchers, createdBy, annotations } = known
      const posted: PostedSilence = {
        id: known.id,
        matchers,
        startsAt,
        endsAt: given.has('duration') || values.end !== '' ? endOf(values.end, startsAt, values.duration) : known.endsAt,
        createdBy,
        comment: values.comment || known.comment,
        ...(annotations === undefined ? {} : { annotations }),
      }
      const { silenceID } = await api.post<{ readonly silenceID: string }>('silences', posted)
      changed.push(await api.get<ApiSilence>(`silence/${encodeURIComponent(silenceID)}`))
    }
    if (values.quiet) {
      for (const { id } of changed) io.out(id)
      return undefined
    }
    const { silencesText } = await import('./alertmanager-output.ts')
    io.out(silencesText(changed, output))
    return undefined
  },
})
