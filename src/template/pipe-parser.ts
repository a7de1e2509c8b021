import { quote } from '../base/go-quote.ts'
import type { Token } from './lex.ts'
import type { Command, Operand, Pipe } from './nodes.ts'
import { parseNumber } from './number-constant.ts'
import type { TokenStream } from './token-stream.ts'

const OPERAND_STARTS: ReadonlySet<string> = new Set([
  'bool',
  'char',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
])

const startsOperand = ({ kind }: Token): boolean => OPERAND_STARTS.has(kind)

const termText = (term: Operand): string =>
  term.kind === 'string'
    ? term.quoted
    : term.kind === 'number'
      ? term.text
      : term.kind === 'bool'
        ? String(term.value)
        : term.kind === 'nil'
          ? 'nil'
          : '.'

/** Parses pipes: what actions, branches and calls of templates work on. */
export class PipeParser {
  readonly #tokens: TokenStream
  readonly #hasFunction: (name: string) => boolean
  /** Those that may be named here. */
  variables: string[] = ['$']

  constructor(tokens: TokenStream, hasFunction: (name: string) => boolean) {
    this.#tokens = tokens
    this.#hasFunction = hasFunction
  }

  /** Up to its end, which is taken. `context` is what errors call it. */
  pipe(context: string, endKind: 'close' | 'rightParen'): Pipe {
    const { offset } = this.#tokens.peekNotSpace()
    const { variables, isAssign } = this.#declarations(context)
    const commands: Command[] = []
    for (;;) {
      const token = this.#tokens.takeNotSpace()
      if (token.kind === endKind) {
        this.#checkPipe(commands, context)
        return { kind: 'pipe', offset, variables, isAssign, commands }
      }
      this.#tokens.back()
      if (!startsOperand(token)) this.#tokens.unexpected(this.#tokens.takeNotSpace(), context)
      commands.push(this.#command())
    }
  }

  /** `$x :=`, `$x =` and a range's `$i, $e :=`. Whether an assigned variable exists is seen when it is assigned, as Go has it. */
  #declarations(context: string): { variables: readonly string[]; isAssign: boolean } {
    const variables: string[] = []
    for (;;) {
      const variable = this.#tokens.peekNotSpace()
      if (variable.kind !== 'variable') return { variables, isAssign: false }
      const { mark } = this.#tokens
      this.#tokens.take()
      const next = this.#tokens.peekNotSpace()
      if (next.kind !== 'declare' && next.kind !== 'assign' && next.kind !== 'comma') {
        this.#tokens.reset(mark)
        return { variables, isAssign: false }
      }
      this.#tokens.take()
      variables.push(variable.text)
      this.variables.push(variable.text)
      if (next.kind !== 'comma') return { variables, isAssign: next.kind === 'assign' }
      if (context !== 'range' || variables.length >= 2) this.#tokens.fail(`too many declarations in ${context}`)
      const after = this.#tokens.peekNotSpace().kind
      if (after !== 'variable' && after !== 'close' && after !== 'rightParen') this.#tokens.fail('range can only initialize variables')
    }
  }

  #checkPipe(commands: readonly Command[], context: string): void {
    if (commands.length === 0) this.#tokens.fail(`missing value for ${context}`)
    for (const [index, command] of commands.entries()) {
      const { kind } = command.args[0] as Operand
      if (index > 0 && (kind === 'bool' || kind === 'dot' || kind === 'nil' || kind === 'number' || kind === 'string')) {
        this.#tokens.fail(`non executable command in pipeline stage ${index + 1}`)
      }
    }
  }

  #command(): Command {
    const { offset } = this.#tokens.peekNotSpace()
    const args: Operand[] = []
    for (;;) {
      this.#tokens.skipSpace()
      const operand = this.#operand()
      if (operand !== null) args.push(operand)
      const token = this.#tokens.take()
      if (token.kind === 'space') continue
      if (token.kind === 'close' || token.kind === 'rightParen') this.#tokens.back()
      else if (token.kind !== 'pipe') this.#tokens.unexpected(token, 'operand')
      break
    }
    if (args.length === 0) this.#tokens.fail('empty command')
    return { kind: 'command', offset, args }
  }

  #operand(): Operand | null {
    const term = this.#term()
    if (term === null) return null
    const first = this.#tokens.peek()
    if (first.kind !== 'field') return term
    const names: string[] = []
    while (this.#tokens.peek().kind === 'field') names.push(this.#tokens.take().text.slice(1))
    const { offset } = first
    switch (term.kind) {
      case 'field':
        return { kind: 'field', offset, names: [...term.names, ...names] }
      case 'variable':
        return { kind: 'variable', offset, names: [...term.names, ...names] }
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.#tokens.fail(`unexpected . after term ${quote(termText(term))}`)
      default:
        return { kind: 'chain', offset, operand: term, names }
    }
  }

  #term(): Operand | null {
    const token = this.#tokens.takeNotSpace()
    const { offset, text } = token
    switch (token.kind) {
      case 'identifier':
        if (!this.#hasFunction(text)) this.#tokens.fail(`function ${quote(text)} not defined`)
        return { kind: 'identifier', offset, name: text }
      case 'dot':
        return { kind: 'dot', offset }
      case 'nil':
        return { kind: 'nil', offset }
      case 'variable':
        this.#checkVariable(token)
        return { kind: 'variable', offset, names: [text] }
      case 'field':
        return { kind: 'field', offset, names: [text.slice(1)] }
      case 'bool':
        return { kind: 'bool', offset, value: text === 'true' }
      case 'char':
      case 'number': {
        const number = parseNumber(text)
        if (typeof number === 'string') return this.#tokens.fail(number)
        return { kind: 'number', offset, text, ...number }
      }
      case 'leftParen':
        return this.#tokens.inside('max expression depth exceeded', () => this.pipe('parenthesized pipeline', 'rightParen'))
      case 'string':
      case 'rawString':
        return { kind: 'string', offset, quoted: text, value: this.#tokens.unquote(token) }
      default:
        this.#tokens.back()
        return null
    }
  }

  #checkVariable({ text }: Token): void {
    if (!this.variables.includes(text)) this.#tokens.fail(`undefined variable ${quote(text)}`)
  }
}
