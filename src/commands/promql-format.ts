import { errorMessage } from '../base/errors.ts'
import { QUERY_FEATURES } from '../promql/parser/features.ts'
import { parseExpr } from '../promql/parser/parse.ts'
import { prettifyExpr } from '../promql/parser/prettify.ts'
import { parseArguments } from './arguments.ts'
import { type Command, EXIT } from './command.ts'

const HELP = `Usage: promontory promql format EXPR

Prints a PromQL expression as it is best read: one part a line where it is long. What stands behind flags is taken, too.
Exit code 0 with an expression, 1 where it is none, 2 when the command was typed wrongly.`

export const promqlFormatCommand: Command = {
  name: 'promql format',
  summary: 'Print a query in its best form.',
  help: () => HELP,
  async run(args, { io }) {
    let query: string
    try {
      ;[query] = parseArguments(args, {}, { positional: ['EXPR'] }).positional
    } catch (error) {
      io.err(`promql format: ${errorMessage(error)}`)
      return EXIT.usage
    }
    try {
      io.out(prettifyExpr(parseExpr(query, { features: QUERY_FEATURES })))
      return EXIT.ok
    } catch (error) {
      io.err(errorMessage(error))
      return EXIT.failed
    }
  },
}
