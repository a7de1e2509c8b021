import { CodedError, errorMessage } from '../base/errors.ts'
import { type FlagTable, flag } from '../config/flags.ts'
import type { ApiSilence, PostedSilence } from './alertmanager-api.ts'
import { type AlertmanagerCall, alertmanagerCommand } from './alertmanager-command.ts'
import { EXIT } from './command.ts'

export const silenceImportCommand = alertmanagerCommand({
  name: 'silence import',
  summary: 'Make silences from a file of them.',
  description: `Makes silences from JSON, of a file or of standard input, and prints their IDs. What is there already is changed.

  promontory silence query -o json > silences.json
  promontory silence import silences.json
`,
  positional: '[FILE]',
  flags: {
    force: flag.boolean({ default: false, help: 'Make new ones, even of those that are there already; -f for short.' }),
    worker: flag.integer({ default: 8, least: 1, help: 'How many to make at a time; -w for short.' }),
  },
  short: { f: 'force', w: 'worker' },
  async run(call) {
    const { env, io, args, values } = call
    if (args.length > 1) throw new CodedError('bad_data', `unexpected ${args[1]}, want one file`)
    const text = args.length === 0 ? Buffer.from(await io.input()).toString('utf8') : await env.fs.readText(args[0])
    const silences = readSilences(text)
    let failures = 0
    let next = 0
    const work = async () => {
      while (next < silences.length) if (!(await importOne(silences[next++], values.force, call))) failures++
    }
    await Promise.all(Array.from({ length: values.worker }, work))
    if (failures === 0) return undefined
    io.err(`couldn't import ${failures} out of ${silences.length} silences`)
    return EXIT.failed
  },
})

function readSilences(text: string): readonly ApiSilence[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new Error("couldn't unmarshal input data, is it JSON?", { cause })
  }
  if (!Array.isArray(parsed)) throw new Error('found no list, want silences as `silence query -o json` prints them')
  return parsed as readonly ApiSilence[]
}

async function importOne(
  silence: ApiSilence,
  isForced: boolean,
  { api, io }: Pick<AlertmanagerCall<FlagTable>, 'api' | 'io'>,
): Promise<boolean> {
  const { id, matchers, startsAt, endsAt, createdBy, comment, annotations } = silence
  const posted: PostedSilence = { matchers, startsAt, endsAt, createdBy, comment, ...(annotations === undefined ? {} : { annotations }) }
  const post = (body: PostedSilence) => api.post<{ readonly silenceID: string }>('silences', body)
  try {
    const { silenceID } = await (isForced || !id
      ? post(posted)
      : post({ ...posted, id }).catch((error: unknown) => {
          // Another Alertmanager does not know its ID.
          if (!/status 404/.test(errorMessage(error))) throw error
          return post(posted)
        }))
    io.out(silenceID)
    return true
  } catch (error) {
    io.err(`Error adding silence id='${id ?? ''}': ${errorMessage(error)}`)
    return false
  }
}
