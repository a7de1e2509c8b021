import { BlockCache } from '../tsdb/block/block-cache.ts'
import { META_FILE } from '../tsdb/block/block-meta.ts'
import { listBlocks, overlappingBlocks } from '../tsdb/block/block-set.ts'
import { verifyBlock } from '../tsdb/block/verify-block.ts'
import { parseArguments } from './arguments.ts'
import { EXIT } from './command.ts'
import { parsedCommand } from './parsed-command.ts'
import { ProgressBar } from './progress-bar.ts'
import { DEFAULT_DIRECTORY, dataDirectory, TOOL_CACHE_BYTES } from './tsdb-output.ts'

/** `tsdb verify`. */
export const tsdbVerifyCommand = parsedCommand({
  name: 'tsdb verify',
  summary: 'Look for faults in the blocks of a data directory.',
  help: `Usage: promontory tsdb verify [DIR]

Reads all of a block, or of all blocks of a data directory (default: ${DEFAULT_DIRECTORY}): compares every checksum, looks at the order of
everything that has one, at every reference, and decodes every chunk. Prints a line for each fault, nothing is changed.
Exit code 0 when there is none, 1 when there is, 2 when the command was typed wrongly.`,
  parse(args) {
    return dataDirectory(parseArguments(args, {}, { repeatLast: true }).positional)
  },
  async run(directory, { io, signal, ...context }) {
    const env = context.env({ level: 'warn', format: 'logfmt' })
    const cache = new BlockCache(TOOL_CACHE_BYTES)
    const isBlock = (await env.fs.stat(`${directory}/${META_FILE}`)) !== null
    const listing = isBlock ? undefined : await listBlocks(env.fs, directory)
    const paths = listing?.blocks.map((block) => block.directory) ?? [directory]
    let faultCount = 0
    for (const { directory: path, reason } of listing?.faulty ?? []) {
      io.out(`${path}: ${reason}`)
      faultCount++
    }
    const progress = new ProgressBar(io, 'verifying blocks')
    for (const [i, path] of paths.entries()) {
      progress.show(i, paths.length)
      for await (const fault of verifyBlock(env, path, cache, signal)) {
        progress.end()
        io.out(fault)
        faultCount++
      }
    }
    progress.end()
    // Neither is a fault: the first are merged when they are read, the others are removed by who owns the directory.
    for (const group of overlappingBlocks(listing?.blocks ?? []))
      io.err(`tsdb verify: share time: ${group.map(({ meta }) => meta.ulid).join(', ')}`)
    for (const path of listing?.leftovers ?? []) io.err(`tsdb verify: left over: ${path}`)
    io.err(`tsdb verify: ${paths.length} blocks, ${faultCount} faults`)
    return faultCount > 0 ? EXIT.failed : EXIT.ok
  },
})
