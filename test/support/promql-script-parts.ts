// Test scripts in parts that do not see each other, so that a server that cannot forget can run one after the other.
import { METRIC_NAME } from '../../src/model/labels.ts'
import type { Expr } from '../../src/promql/parser/ast.ts'
import { childrenOf } from '../../src/promql/parser/children.ts'
import { parseExpr } from '../../src/promql/parser/parse.ts'
import { type Command, parseScript } from '../../src/promql/test-script/script.ts'
import { EXPERIMENTAL_FEATURES } from './promql-generator.ts'

/** What stands between two `clear`. */
export interface ScriptPart {
  readonly file: string
  /** The same lines as in the script, all others empty. */
  readonly text: string
  /** Metrics that it loads or asks for. */
  readonly names: ReadonlySet<string>
  /** It asks for series of any name. */
  readonly isWide: boolean
}

/** The parts that evaluate something. */
export function scriptParts(text: string, file: string): readonly ScriptPart[] {
  const lines = text.split('\n')
  const parts: ScriptPart[] = []
  let from = 0
  let commands: Command[] = []
  const end = (line: number) => {
    if (commands.some(({ kind }) => kind === 'eval')) parts.push(partOf(file, lines, from, line, commands))
    from = line
    commands = []
  }
  for (const command of parseScript(text, file)) {
    if (command.kind === 'clear') end(command.line)
    else commands.push(command)
  }
  end(lines.length)
  return parts
}

/** Parts that one server can run in this order: none asks for what those before it have left there. */
export function inTurn(parts: readonly ScriptPart[]): readonly (readonly ScriptPart[])[] {
  const servers: { readonly parts: ScriptPart[]; readonly names: Set<string> }[] = []
  // Those that see everything come first.
  for (const part of parts.toSorted((a, b) => Number(b.isWide) - Number(a.isWide))) {
    const free = part.isWide ? undefined : servers.find(({ names }) => ![...part.names].some((name) => names.has(name)))
    const server = free ?? { parts: [], names: new Set<string>() }
    if (free === undefined) servers.push(server)
    server.parts.push(part)
    for (const name of part.names) server.names.add(name)
  }
  return servers.map((server) => server.parts)
}

function partOf(file: string, lines: readonly string[], from: number, to: number, commands: readonly Command[]): ScriptPart {
  const names = new Set<string>()
  let isWide = false
  const visit = (expr: Expr) => {
    // info() asks for series that its arguments need not name.
    if (expr.kind === 'call' && expr.func === 'info') isWide = true
    if (expr.kind === 'vectorSelector') {
      const named = expr.matchers.filter(({ name, operator, value }) => name === METRIC_NAME && operator === '=' && value !== '')
      for (const { value } of named) names.add(value)
      if (named.length === 0) isWide = true
    }
    childrenOf(expr).forEach(visit)
  }
  for (const command of commands) {
    if (command.kind === 'load') {
      for (const { labels } of command.series) {
        const name = labels.get(METRIC_NAME)
        names.add(name)
        if (command.withNativeHistograms) names.add(name.replace(/_(bucket|count|sum)$/, ''))
      }
    }
    if (command.kind !== 'eval') continue
    try {
      visit(parseExpr(command.expr, { features: EXPERIMENTAL_FEATURES }))
    } catch {
      // What does not parse asks for nothing.
    }
  }
  return { file, text: lines.map((line, i) => (i >= from && i < to ? line : '')).join('\n'), names, isWide }
}
