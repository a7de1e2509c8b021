import { sleep } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { listBlocks } from '../tsdb/block/block-set.ts'
import { openDb } from '../tsdb/db.ts'
import { parseArguments } from './arguments.ts'
import { EXIT } from './command.ts'
import { parsedCommand } from './parsed-command.ts'
import { ProgressBar } from './progress-bar.ts'
import { BLOCK_RANGE_MS, blockLines, DEFAULT_DIRECTORY, dataDirectory } from './tsdb-output.ts'

const SHOW_MS = 200

const flags = {
  'human-readable': flag.boolean({ default: false, help: 'Prints times and sizes for people; -r for short.' }),
  'storage.tsdb.min-block-duration': flag.duration({ default: BLOCK_RANGE_MS, help: 'As the server has it.' }),
}

/** `tsdb flush`: what a clean stop with --storage.tsdb.flush-on-exit does, afterwards. */
export const tsdbFlushCommand = parsedCommand({
  name: 'tsdb flush',
  summary: 'Put all samples of a data directory into blocks, so that Prometheus can be started on it.',
  help: `Usage: promontory tsdb flush [flags] [DIR]

Makes blocks of everything in the log of a data directory (default: ${DEFAULT_DIRECTORY}) that no server uses, Prometheus' log as well
as ours, and prints those that came. Ours is empty then; Prometheus' files stay as they are. Exemplars and metadata go with the log.
Exit code 0, 1 when it did not work, 2 when the command was typed wrongly.

Flags:
${flagHelp(flags)}`,
  parse(args) {
    const { values, positional } = parseArguments(args, flags, { repeatLast: true, short: { r: 'human-readable' } })
    return {
      directory: dataDirectory(positional),
      isHuman: values['human-readable'],
      blockRangeMs: values['storage.tsdb.min-block-duration'],
    }
  },
  async run({ directory, isHuman, blockRangeMs }, { io, signal, ...context }) {
    const env = context.env({ level: 'warn', format: 'logfmt' })
    const before = new Set((await listBlocks(env.fs, directory)).blocks.map(({ meta }) => meta.ulid))
    const db = await openDb({ env, dir: directory, retentionMs: 0, blockRangeMs, walFsync: 'interval', flushOnExit: true })
    const progress = new ProgressBar(io, 'reading the log')
    const ready = new AbortController()
    const running = db.run(AbortSignal.any([signal, ready.signal]), () => ready.abort())
    let isDone = false
    const done = running.finally(() => {
      isDone = true
    })
    while (!isDone) {
      const { segmentsDone, segmentsTotal } = db.replayStatus()
      progress.show(segmentsDone, segmentsTotal)
      await Promise.race([done.catch(() => {}), sleep(env.clock, SHOW_MS)])
    }
    progress.end()
    await done
    signal.throwIfAborted()
    if (db.stats().segmentCount > 0) throw new CodedError('internal', `flush ${directory}: the log is not empty`)
    const { blocks } = await listBlocks(env.fs, directory)
    for (const line of await blockLines(
      env.fs,
      blocks.filter(({ meta }) => !before.has(meta.ulid)),
      { isHuman },
    ))
      io.out(line)
    return EXIT.ok
  },
})
