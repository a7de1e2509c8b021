import type { Env } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { HALF_MADE_SUFFIX } from '../tsdb/block/block-draft.ts'
import { type ListedBlock, listBlocks, supersededBlocks } from '../tsdb/block/block-set.ts'
import { type DirLock, lockDir } from '../tsdb/lock.ts'
import { linkBlock } from '../tsdb/snapshot.ts'
import { takeOver } from '../tsdb/upstream-log/take-over.ts'
import { parseArguments } from './arguments.ts'
import { type CommandIo, EXIT } from './command.ts'
import { parsedCommand } from './parsed-command.ts'
import { ProgressBar } from './progress-bar.ts'
import { BLOCK_RANGE_MS, blockLines, DEFAULT_DIRECTORY, dataDirectory } from './tsdb-output.ts'

const flags = {
  'human-readable': flag.boolean({ default: false, help: 'Prints times and sizes for people; -r for short.' }),
}

/** What is only in a directory that is in use, or was. */
const LOGS = ['wal', 'wbl', 'chunks_head', 'log']

/** `tsdb import`. */
export const tsdbImportCommand = parsedCommand({
  name: 'tsdb import',
  summary: 'Take blocks and log of another data directory, or a snapshot, into one.',
  help: `Usage: promontory tsdb import [flags] FROM [DIR]

Takes all samples of FROM, a data directory or a snapshot of Prometheus or Promontory, into DIR (default: ${DEFAULT_DIRECTORY}), and
prints the blocks that came. No server may run on either. FROM stays as it is; blocks are not copied where the file system can do
without. Blocks that DIR has are not taken again; where blocks overlap, every sample counts once. FROM must have no log of ours: flush it first.
Exit code 0, 1 when it did not work, 2 when the command was typed wrongly.

Flags:
${flagHelp(flags)}`,
  parse(args) {
    const { values, positional } = parseArguments(args, flags, { positional: ['FROM'], repeatLast: true, short: { r: 'human-readable' } })
    const [from, into] = [dataDirectory(positional.slice(0, 1)), dataDirectory(positional.slice(1), 'FROM and one directory')]
    if (from === into) throw new CodedError('bad_data', `found ${from} twice, want two directories`)
    return { from, into, isHuman: values['human-readable'] }
  },
  async run({ from, into, isHuman }, { io, signal, ...context }) {
    const env = context.env({ level: 'warn', format: 'logfmt' })
    const { fs } = env
    await fs.mkdir(into)
    const lock = await lockDir(env, into)
    try {
      // What is in no block there yet would be taken for being in those that come, if they are newer.
      await takeOverWithProgress(env, into, into, io, signal)
      const before = new Set((await listBlocks(fs, into)).blocks.map(({ meta }) => meta.ulid))
      const theirs = await lockIfUsed(env, from)
      try {
        await importBlocks(env, from, into, before, io, signal)
        await takeOverWithProgress(env, from, into, io, signal)
      } finally {
        await theirs?.release()
      }
      const { blocks } = await listBlocks(fs, into)
      for (const line of await blockLines(
        fs,
        blocks.filter(({ meta }) => !before.has(meta.ulid)),
        { isHuman },
      ))
        io.out(line)
      return EXIT.ok
    } finally {
      await lock.release()
    }
  },
})

async function takeOverWithProgress(env: Env, from: string, into: string, io: CommandIo, signal: AbortSignal): Promise<void> {
  const blocks = (await listBlocks(env.fs, from)).blocks.map(({ meta }) => meta)
  const progress = new ProgressBar(io, 'reading the log')
  const onProgress = (_files: number, _filesTotal: number, done: number, total: number) => progress.show(done, total)
  await takeOver({ env, from, into, blocks, blockRangeMs: BLOCK_RANGE_MS, signal, onProgress })
  progress.end()
}

/** A directory that has nothing but blocks, as a snapshot, is nobody's. */
async function lockIfUsed(env: Env, dir: string): Promise<DirLock | undefined> {
  const { fs } = env
  const stats = await Promise.all(LOGS.map((name) => fs.stat(`${dir}/${name}`)))
  if (stats.every((stat) => stat === null)) return undefined
  const lock = await lockDir(env, dir)
  const segments = stats[LOGS.indexOf('log')] === null ? [] : await fs.readDir(`${dir}/log`)
  if (segments.length === 0) return lock
  await lock.release()
  throw new CodedError('conflict', `${dir} has samples in its log, want them in blocks: promontory tsdb flush ${dir}`)
}

async function importBlocks(
  { fs }: Env,
  from: string,
  into: string,
  known: ReadonlySet<string>,
  io: CommandIo,
  signal: AbortSignal,
): Promise<void> {
  const { blocks, faulty } = await listBlocks(fs, from)
  for (const { directory, reason } of faulty) throw new Error(`${directory}: ${reason}`)
  const superseded = supersededBlocks(blocks)
  const wanted: readonly ListedBlock[] = blocks.filter(({ meta }) => !superseded.has(meta.ulid) && !known.has(meta.ulid))
  const progress = new ProgressBar(io, 'importing blocks')
  for (const [i, { directory, meta }] of wanted.entries()) {
    progress.show(i, wanted.length)
    const half = `${into}/${meta.ulid}${HALF_MADE_SUFFIX}`
    await fs.remove(half)
    await linkBlock(fs, directory, half, signal)
    await fs.rename(half, `${into}/${meta.ulid}`)
  }
  await fs.syncDir(into)
  progress.end()
}
