import { CodedError } from '../base/errors.ts'
import { type Command, type CommandContext, EXIT } from './command.ts'

/** A command whose arguments are read before anything is done. */
export interface ParsedCommand<T> extends Pick<Command, 'name' | 'summary'> {
  readonly help: string
  /** Throws a `bad_data` CodedError where the command is typed wrongly: it is said then, and ends it with EXIT.usage. */
  parse(args: readonly string[]): T
  run(parsed: T, context: CommandContext): Promise<number>
}

export function parsedCommand<T>({ name, summary, help, parse, run }: ParsedCommand<T>): Command {
  return {
    name,
    summary,
    help: () => help,
    run(args, context) {
      let parsed: T
      try {
        parsed = parse(args)
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        context.io.err(`${name}: ${error.message}`)
        return Promise.resolve(EXIT.usage)
      }
      return run(parsed, context)
    },
  }
}
