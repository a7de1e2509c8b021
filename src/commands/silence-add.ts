import { CodedError } from '../base/errors.ts'
import { formatRfc3339, parseRfc3339 } from '../base/rfc3339.ts'
import { flag } from '../config/flags.ts'
import { timeText } from './alert-add.ts'
import type { ApiMatcher, PostedSilence } from './alertmanager-api.ts'
import { alertmanagerCommand, readMatchers, readPairs } from './alertmanager-command.ts'

export const silenceAddCommand = alertmanagerCommand({
  name: 'silence add',
  summary: 'Silence alerts.',
  description: `Silences the alerts that match, and prints the ID of the silence.

  promontory silence add alertname=foo node=bar --comment='being repaired'
  promontory silence add foo node=bar -c 'being repaired' -d 2h
  promontory silence add 'alertname=~foo.*' -c 'being repaired'
`,
  positional: 'MATCHER...',
  flags: {
    author: flag.text({ default: '', help: 'Who makes it; -a for short. The user by default.', placeholder: 'NAME' }),
    'require-comment': flag.boolean({ default: true, help: 'A comment must be given.' }),
    duration: flag.duration({ default: 3_600_000, help: 'How long it lasts; -d for short.' }),
    start: flag.text({ default: '', help: 'When it begins, RFC 3339. Now by default.', placeholder: 'TIME' }),
    end: flag.text({ default: '', help: 'When it ends, RFC 3339, whatever --duration says.', placeholder: 'TIME' }),
    comment: flag.text({ default: '', help: 'Why; -c for short.' }),
    annotation: flag.texts({ default: [], help: 'name=value; may be repeated.', placeholder: 'ANNOTATION' }),
  },
  short: { a: 'author', d: 'duration', c: 'comment' },
  async run(call) {
    const { api, env, io, args, values } = call
    const matchers = readMatchers(args, call)
    if (matchers.length === 0) throw new CodedError('bad_data', 'no matchers specified')
    const startsAt = timeText(values.start) ?? formatRfc3339(env.clock.now())
    const annotations = readPairs('annotations', values.annotation, call)
    const silence: PostedSilence = {
      matchers: matchers.map(({ name, value, isRegex, isEqual }): ApiMatcher => ({ name, value, isRegex, isEqual })),
      startsAt,
      endsAt: endOf(values.end, startsAt, values.duration),
      createdBy: values.author || (io.variables.USER ?? io.variables.LOGNAME ?? ''),
      comment: values.comment,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    }
    if (parseRfc3339(startsAt)! > parseRfc3339(silence.endsAt)!) throw new CodedError('bad_data', 'silence cannot start after it ends')
    if (values['require-comment'] && values.comment === '') throw new CodedError('bad_data', 'comment required by config')
    const { silenceID } = await api.post<{ readonly silenceID: string }>('silences', silence)
    io.out(silenceID)
    return undefined
  },
})

/** Throws `bad_data`. */
export function endOf(end: string, startsAt: string, durationMs: number): string {
  const given = timeText(end)
  if (given !== undefined) return given
  if (durationMs === 0) throw new CodedError('bad_data', 'silence duration must be greater than 0')
  return formatRfc3339(parseRfc3339(startsAt)! + durationMs)
}
