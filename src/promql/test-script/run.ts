import type { MemorySeries } from '../../storage/memory-source.ts'
import { parseExpr } from '../parser/parse.ts'
import { FeatureError } from '../parser/parse-error.ts'
import type { QueryEngine } from '../query-engine.ts'
import { Evaluator, type ScriptOptions } from './evaluate.ts'
import type { EvalCommand } from './script.ts'
import { parseScript } from './script.ts'
import { ScriptData } from './script-data.ts'

export interface ScriptFailure {
  readonly line: number
  readonly expr: string
  readonly reason: string
}

export interface ScriptSkip {
  readonly line: number
  readonly expr: string
  /** `feature <name of the flag>`. */
  readonly why: string
}

/** Evaluations by outcome. */
export interface ScriptResult {
  readonly passed: number
  readonly failed: readonly ScriptFailure[]
  readonly skipped: readonly ScriptSkip[]
}

/** An engine over what a script has loaded so far, all of it. */
export type MakeEngine = (series: readonly MemorySeries[]) => QueryEngine | Promise<QueryEngine>

/**
 * Runs a test script, every evaluation whether those before it passed or not. As upstream does, an instant evaluation must
 * also hold with its selectors fixed by `@` at other times, and in the middle of a range query.
 * Throws `bad_data` when the script itself is wrong.
 */
export async function runScript(
  text: string,
  fileName: string,
  makeEngine: MakeEngine,
  options: ScriptOptions = {},
): Promise<ScriptResult> {
  let data = new ScriptData()
  let engine: QueryEngine | undefined
  let passed = 0
  const failed: ScriptFailure[] = []
  const skipped: ScriptSkip[] = []
  for (const command of parseScript(text, fileName)) {
    if (command.kind !== 'eval') {
      engine = undefined
      if (command.kind === 'clear') data = new ScriptData()
      else data.load(command)
      continue
    }
    const { line, expr } = command
    const why = whyNot(command, options)
    if (why !== undefined) {
      skipped.push({ line, expr, why })
      continue
    }
    engine ??= await makeEngine(data.series())
    const reason = await new Evaluator(engine, options).run(command)
    if (reason === undefined) passed++
    else failed.push({ line, expr, reason })
  }
  return { passed, failed, skipped }
}

/** Why an evaluation cannot be run: it needs what is behind a flag that is off. */
function whyNot({ expr }: EvalCommand, options: ScriptOptions): string | undefined {
  try {
    parseExpr(expr, options)
  } catch (error) {
    if (error instanceof FeatureError) return `feature ${error.feature}`
  }
  return undefined
}
