import { quote } from '../base/go-quote.ts'
import { LexError, lexTemplate, type Token } from './lex.ts'
import type { BranchNode, Command, Node, Operand, Pipe } from './nodes.ts'
import { parseNumber } from './number-constant.ts'
import { unquoteGo } from './quote.ts'

/** A template that was defined: its body and where it was written, for errors. */
export interface ParsedTemplate {
  readonly name: string
  readonly body: readonly Node[]
  readonly source: TemplateSource
}

export interface TemplateSource {
  readonly name: string
  readonly text: string
}

/** A template that is none. The message is Go's: `template: NAME:LINE: what`. */
export class TemplateParseError extends Error {}

/** Branches and parentheses inside each other: deeper ones would run out of stack. */
const NESTING_MAX = 200

/**
 * Parses a text and everything it defines. The first of the answer is the text itself.
 * Source: Go text/template/parse, whose messages are matched. Throws a TemplateParseError.
 */
export function parseTemplate(name: string, text: string, hasFunction: (name: string) => boolean): readonly ParsedTemplate[] {
  const source = { name, text }
  let tokens: readonly Token[]
  try {
    tokens = lexTemplate(text)
  } catch (error) {
    if (error instanceof LexError) throw new TemplateParseError(`template: ${name}:${lineOf(text, error.offset)}: ${error.message}`)
    throw error
  }
  return new Parser(source, tokens, hasFunction).parse()
}

/** The line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** White space alone: such a definition does not take the place of another. Source: Go text/template/parse, IsEmptyTree. */
export function isEmptyTemplate({ body }: ParsedTemplate): boolean {
  return body.every((node) => node.kind === 'text' && node.text.trim() === '')
}

interface Body {
  readonly nodes: readonly Node[]
  /** What ended it: `end`, `else`, or `else if` and `else with`, whose keyword is then the next token. */
  readonly ended: 'end' | 'else' | 'else if' | 'else with'
}

class Parser {
  readonly #source: TemplateSource
  readonly #tokens: readonly Token[]
  readonly #hasFunction: (name: string) => boolean
  readonly #templates: ParsedTemplate[] = []
  #next = 0
  #variables: string[] = ['$']
  #rangeDepth = 0
  #depth = 0

  constructor(source: TemplateSource, tokens: readonly Token[], hasFunction: (name: string) => boolean) {
    this.#source = source
    this.#tokens = tokens
    this.#hasFunction = hasFunction
  }

  parse(): readonly ParsedTemplate[] {
    const body: Node[] = []
    for (let token = this.#peek(); token.kind !== 'end'; token = this.#peek()) {
      if (token.kind === 'open' && this.#keywordAfter(token) === 'define') {
        this.#define()
        continue
      }
      const node = this.#textOrAction()
      if (node === 'end') this.#fail('unexpected {{end}}')
      if (node === 'else') this.#fail('unexpected {{else}}')
      if (node !== null) body.push(node)
    }
    return [{ name: this.#source.name, body, source: this.#source }, ...this.#templates]
  }

  #keywordAfter(open: Token): string | undefined {
    let index = this.#tokens.indexOf(open, this.#next) + 1
    while (this.#tokens[index]?.kind === 'space') index++
    const token = this.#tokens[index]
    return token?.kind === 'keyword' ? token.text : undefined
  }

  #define(): void {
    const context = 'define clause'
    this.#token()
    this.#tokenNotSpace()
    const name = this.#templateName(this.#tokenNotSpace(), context)
    this.#expect('close', context)
    const outer = this.#variables
    this.#variables = ['$']
    const { nodes, ended } = this.#bodyUntilEnd()
    this.#variables = outer
    if (ended !== 'end') this.#fail(`unexpected {{else}} in ${context}`)
    this.#templates.push({ name, body: nodes, source: this.#source })
  }

  #bodyUntilEnd(): Body {
    const nodes: Node[] = []
    while (this.#peek().kind !== 'end') {
      const node = this.#textOrAction()
      if (node === 'end') return { nodes, ended: 'end' }
      if (node === 'else') {
        const next = this.#peekNotSpace()
        if (next.kind === 'keyword' && next.text === 'if') return { nodes, ended: 'else if' }
        if (next.kind === 'keyword' && next.text === 'with') return { nodes, ended: 'else with' }
        this.#expect('close', 'else')
        return { nodes, ended: 'else' }
      }
      if (node !== null) nodes.push(node)
    }
    return this.#fail('unexpected EOF')
  }

  /** A node; null for one that leaves nothing, such as a variable of nothing. */
  #textOrAction(): Node | 'end' | 'else' | null {
    const token = this.#tokenNotSpace()
    if (token.kind === 'text') return { kind: 'text', offset: token.offset, text: token.text }
    if (token.kind === 'open') return this.#action()
    return this.#unexpected(token, 'input')
  }

  #action(): Node | 'end' | 'else' | null {
    const token = this.#tokenNotSpace()
    if (token.kind === 'keyword') {
      switch (token.text) {
        case 'if':
        case 'with':
        case 'range':
          return this.#branch(token.text, token.offset)
        case 'end':
          this.#expect('close', 'end')
          return 'end'
        case 'else':
          return 'else'
        case 'template':
          return this.#templateCall()
        case 'block':
          return this.#block()
        case 'break':
        case 'continue':
          return this.#loopControl(token.text, token.offset)
        default:
          return this.#unexpected(token, 'command')
      }
    }
    this.#back()
    const { offset } = this.#peek()
    const pipe = this.#pipe('command', 'close')
    return { kind: 'action', offset, pipe }
  }

  #loopControl(kind: 'break' | 'continue', offset: number): Node {
    const token = this.#tokenNotSpace()
    if (token.kind !== 'close') this.#unexpected(token, `{{${kind}}}`)
    if (this.#rangeDepth === 0) this.#fail(`{{${kind}}} outside {{range}}`)
    return { kind, offset }
  }

  #branch(kind: 'if' | 'with' | 'range', offset: number): BranchNode {
    if (++this.#depth > NESTING_MAX) this.#fail('max depth exceeded')
    const variables = this.#variables.slice()
    const pipe = this.#pipe(kind, 'close')
    if (kind === 'range') this.#rangeDepth++
    const { nodes, ended } = this.#bodyUntilEnd()
    if (kind === 'range') this.#rangeDepth--
    let otherwise: readonly Node[] | null = null
    if (ended === 'else if' || ended === 'else with') {
      const inner = ended === 'else if' ? 'if' : 'with'
      if (kind !== inner) this.#unexpected(this.#tokenNotSpace(), 'else')
      const { offset: innerOffset } = this.#tokenNotSpace()
      // `{{else if}}` is an if inside the else that shares its end.
      otherwise = [this.#branch(inner, innerOffset)]
    } else if (ended === 'else') {
      const rest = this.#bodyUntilEnd()
      if (rest.ended !== 'end') this.#fail('expected end; found {{else}}')
      otherwise = rest.nodes
    }
    this.#variables = variables
    this.#depth--
    return { kind, offset, pipe, body: nodes, otherwise }
  }

  #templateCall(): Node {
    const context = 'template clause'
    const token = this.#tokenNotSpace()
    const { offset } = token
    const name = this.#templateName(token, context)
    let pipe: Pipe | null = null
    if (this.#peekNotSpace().kind === 'close') this.#tokenNotSpace()
    else pipe = this.#pipe(context, 'close')
    return { kind: 'template', offset, name, pipe }
  }

  #block(): Node {
    const context = 'block clause'
    const token = this.#tokenNotSpace()
    const { offset } = token
    const name = this.#templateName(token, context)
    const pipe = this.#pipe(context, 'close')
    const outer = this.#variables
    this.#variables = ['$']
    const { nodes, ended } = this.#bodyUntilEnd()
    this.#variables = outer
    if (ended !== 'end') this.#fail(`unexpected {{else}} in ${context}`)
    this.#templates.push({ name, body: nodes, source: this.#source })
    return { kind: 'template', offset, name, pipe }
  }

  #templateName(token: Token, context: string): string {
    if (token.kind === 'string' || token.kind === 'rawString') return this.#unquote(token)
    return this.#unexpected(token, context)
  }

  #pipe(context: string, endKind: 'close' | 'rightParen'): Pipe {
    const { offset } = this.#peekNotSpace()
    const { variables, isAssign } = this.#declarations(context)
    const commands: Command[] = []
    for (;;) {
      const token = this.#tokenNotSpace()
      if (token.kind === endKind) {
        this.#checkPipe(commands, context)
        return { kind: 'pipe', offset, variables, isAssign, commands }
      }
      this.#back()
      if (!startsOperand(token)) this.#unexpected(this.#tokenNotSpace(), context)
      commands.push(this.#command())
    }
  }

  /** `$x :=`, `$x =` and a range's `$i, $e :=`. Whether an assigned variable exists is seen when it is assigned, as Go has it. */
  #declarations(context: string): { variables: readonly string[]; isAssign: boolean } {
    const variables: string[] = []
    for (;;) {
      const variable = this.#peekNotSpace()
      if (variable.kind !== 'variable') return { variables, isAssign: false }
      const mark = this.#next
      this.#token()
      const next = this.#peekNotSpace()
      if (next.kind !== 'declare' && next.kind !== 'assign' && next.kind !== 'comma') {
        this.#next = mark
        return { variables, isAssign: false }
      }
      this.#token()
      variables.push(variable.text)
      this.#variables.push(variable.text)
      if (next.kind !== 'comma') return { variables, isAssign: next.kind === 'assign' }
      if (context !== 'range' || variables.length >= 2) this.#fail(`too many declarations in ${context}`)
      const after = this.#peekNotSpace().kind
      if (after !== 'variable' && after !== 'close' && after !== 'rightParen') this.#fail('range can only initialize variables')
    }
  }

  #checkPipe(commands: readonly Command[], context: string): void {
    if (commands.length === 0) this.#fail(`missing value for ${context}`)
    for (const [index, command] of commands.entries()) {
      const { kind } = command.args[0] as Operand
      if (index > 0 && (kind === 'bool' || kind === 'dot' || kind === 'nil' || kind === 'number' || kind === 'string')) {
        this.#fail(`non executable command in pipeline stage ${index + 1}`)
      }
    }
  }

  #command(): Command {
    const { offset } = this.#peekNotSpace()
    const args: Operand[] = []
    for (;;) {
      this.#skipSpace()
      const operand = this.#operand()
      if (operand !== null) args.push(operand)
      const token = this.#token()
      if (token.kind === 'space') continue
      if (token.kind === 'close' || token.kind === 'rightParen') this.#back()
      else if (token.kind !== 'pipe') this.#unexpected(token, 'operand')
      break
    }
    if (args.length === 0) this.#fail('empty command')
    return { kind: 'command', offset, args }
  }

  #operand(): Operand | null {
    const term = this.#term()
    if (term === null) return null
    const first = this.#peek()
    if (first.kind !== 'field') return term
    const names: string[] = []
    while (this.#peek().kind === 'field') names.push(this.#token().text.slice(1))
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
        return this.#fail(`unexpected . after term ${quote(termText(term))}`)
      default:
        return { kind: 'chain', offset, operand: term, names }
    }
  }

  #term(): Operand | null {
    const token = this.#tokenNotSpace()
    const { offset, text } = token
    switch (token.kind) {
      case 'identifier':
        if (!this.#hasFunction(text)) this.#fail(`function ${quote(text)} not defined`)
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
        if (typeof number === 'string') return this.#fail(number)
        return { kind: 'number', offset, text, ...number }
      }
      case 'leftParen':
        if (++this.#depth > NESTING_MAX) this.#fail('max expression depth exceeded')
        try {
          return this.#pipe('parenthesized pipeline', 'rightParen')
        } finally {
          this.#depth--
        }
      case 'string':
      case 'rawString':
        return { kind: 'string', offset, quoted: text, value: this.#unquote(token) }
      default:
        this.#back()
        return null
    }
  }

  #unquote(token: Token): string {
    const value = unquoteGo(token.text)
    return value ?? this.#fail('invalid syntax')
  }

  #checkVariable({ text }: Token): void {
    if (!this.#variables.includes(text)) this.#fail(`undefined variable ${quote(text)}`)
  }

  #token(): Token {
    const token = this.#tokens[this.#next] as Token
    if (token.kind !== 'end') this.#next++
    return token
  }

  #tokenNotSpace(): Token {
    this.#skipSpace()
    return this.#token()
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#next++
  }

  #back(): void {
    this.#next--
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token
  }

  #peekNotSpace(): Token {
    this.#skipSpace()
    return this.#peek()
  }

  #expect(kind: 'close', context: string): void {
    const token = this.#tokenNotSpace()
    if (token.kind !== kind) this.#unexpected(token, context)
  }

  #unexpected(token: Token, context: string): never {
    return this.#fail(`unexpected ${describeToken(token)} in ${context}`)
  }

  #fail(message: string): never {
    const last = this.#tokens[Math.max(0, this.#next - 1)] as Token
    throw new TemplateParseError(`template: ${this.#source.name}:${lineOf(this.#source.text, last.offset)}: ${message}`)
  }
}

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

/** As Go prints a token: keywords in angle brackets, long texts cut, the rest quoted. */
function describeToken(token: Token): string {
  if (token.kind === 'end') return 'EOF'
  if (token.kind === 'keyword' || token.kind === 'dot' || token.kind === 'nil') return `<${token.text}>`
  if (token.text.length > 10) return `${quote(token.text.slice(0, 10))}...`
  return quote(token.text)
}
